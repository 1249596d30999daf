"""The migration of realtime as the conductor drives it."""

import asyncio
from dataclasses import asdict
from typing import Any

from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side
from cyphr.migrate.authority import read_epoch, read_side
from cyphr.migrate.realtime.conversation import CanaryConversation
from cyphr.migrate.realtime.copy import reach_both
from cyphr.migrate.realtime.follow import RealtimeProgress, follow_once
from cyphr.migrate.realtime.handover import hand_over_endpoint
from cyphr.migrate.realtime.places import RealtimePlaces
from cyphr.migrate.realtime.verify import verify_deliveries
from cyphr.migrate.service import HandoverTiming, Verification

_PAUSE_SECONDS = 5.0
_CONVERSATION_SECONDS = 300.0  # connections are made anew with fresh tokens, as clients' are


class RealtimeMigration:
    """The four rooms of realtime. Every call may be repeated, also after a crash in the middle of it."""

    name = "realtime"

    def __init__(self, places: RealtimePlaces) -> None:
        self._places = places
        self._progress = RealtimeProgress()
        self._equal = False

    async def prepare(self) -> None:
        """Give the switchboard its row."""
        await self.side()

    async def side(self) -> Side:
        """Where clients connect."""
        return await read_side(self._places.authority, self.name)

    async def copy(self) -> None:
        """Nothing to bring over; both sides must be there. Raises Unavailable or InvalidInput."""
        await reach_both(self._places)

    async def follow(self) -> None:
        """Have the canaries talk until cancelled. Raises Unavailable when a side is out of reach."""
        try:
            await self._talk()
        finally:
            for account in self._places.canaries:
                await account.sign_out()

    async def _talk(self) -> None:
        while True:
            async with CanaryConversation(self._places) as conversation:
                for _ in range(int(_CONVERSATION_SECONDS / _PAUSE_SECONDS)):
                    await follow_once(conversation, self._progress)
                    if self._progress.differences:
                        self._equal = False
                        raise Unavailable("; ".join(self._progress.differences))
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def verify(self) -> Verification:
        """Have the canaries talk from both sides in turn, and compare what arrives."""
        found = await verify_deliveries(self._places)
        self._equal = not found.differences
        return found

    async def epoch(self) -> int:
        """How often realtime has moved, as the switchboard counts."""
        return await read_epoch(self._places.authority, self.name)

    async def make_ready(self, to: Side) -> list[str]:  # noqa: ARG002 - the same question is asked of every service
        """Nothing can be told before deliveries are compared."""
        return []

    async def handover(self, to: Side) -> HandoverTiming:
        """Send clients to ``to``: a handover, or a handback. Raises HandoverRefused."""
        if not self._equal:
            raise HandoverRefused("one side does not deliver what the other does, or was not compared; run verify")
        return await hand_over_endpoint(self._places.authority, to)

    async def close(self) -> list[str]:
        """Nothing of this tool's is on Supabase: that the canaries are silent is all there is to closing."""
        return []

    async def give_up(self) -> None:
        """Nothing of this tool's is on Supabase."""

    async def progress(self) -> dict[str, Any]:
        """Messages of the canaries, how many each side delivered, and the slowest."""
        return asdict(self._progress)
