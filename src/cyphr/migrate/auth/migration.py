"""The migration of auth as the conductor drives it."""

import asyncio
from dataclasses import asdict
from typing import Any

from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.closing import close_users, forget_passwords
from cyphr.migrate.auth.copy import copy_users
from cyphr.migrate.auth.follow import follow_users
from cyphr.migrate.auth.handover import hand_over_users
from cyphr.migrate.auth.places import AuthPlaces
from cyphr.migrate.auth.returning import carry_passwords
from cyphr.migrate.auth.synchronisation import AuthProgress, Synchronisation
from cyphr.migrate.auth.verify import verify_users
from cyphr.migrate.authority import read_epoch, read_side
from cyphr.migrate.service import HandoverTiming, Verification

_PAUSE_SECONDS = 1.0


class AuthMigration:
    """The four rooms of auth. Every call may be repeated, also after a crash in the middle of it."""

    name = "auth"

    def __init__(self, places: AuthPlaces) -> None:
        self._authority = places.authority
        self._synchronisation = Synchronisation(places)
        self._one_at_a_time = asyncio.Lock()
        self._progress = AuthProgress()

    async def prepare(self) -> None:
        """Make the journal, and give the switchboard its row. A handover that was interrupted has changed nothing."""
        await self.side()
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            await synchronisation.open_way_back()

    async def side(self) -> Side:
        """Where auth stands."""
        return await read_side(self._authority, self.name)

    async def copy(self) -> None:
        """Give everyone a counterpart in the pool."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            await copy_users(synchronisation, self._progress)

    async def follow(self) -> None:
        """Keep the pool up with the databases until cancelled. A fifth of the time, at most, is spent reading."""
        while True:
            began = monotonic()
            await self.follow_once()
            await asyncio.sleep(max(_PAUSE_SECONDS, 4 * (monotonic() - began)))

    async def follow_once(self) -> int:
        """One round of following; how many people had changed."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await follow_users(synchronisation, self._progress)

    async def verify(self) -> Verification:
        """Compare everyone with their counterpart. ``notes`` lists people without an e-mail address."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await verify_users(synchronisation)

    async def epoch(self) -> int:
        """How often auth has moved, as the switchboard counts."""
        return await read_epoch(self._authority, self.name)

    async def make_ready(self, to: Side) -> list[str]:  # noqa: ARG002 - the same question is asked of every service
        """Nothing can be told before people are compared."""
        return []

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority over auth to ``to``: a handover, or a handback. Raises HandoverRefused."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await hand_over_users(self._authority, synchronisation, to)

    async def close(self) -> list[str]:
        """Have whoever never signed in since set a new password, and forget every hash of Supabase's."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await close_users(synchronisation)

    async def give_up(self) -> None:
        """Forget every hash that was read; what was copied to the pool stays there.

        Passwords that people set in Cognito meanwhile are given to Supabase first.
        """
        async with self._synchronisation as synchronisation:
            await carry_passwords(synchronisation.places.authority, synchronisation.supabase)
            await forget_passwords(synchronisation)

    async def progress(self) -> dict[str, Any]:
        """People with a counterpart of how many, whom the pool refused, and changes followed since."""
        return asdict(self._progress)
