"""The canaries' conversation: two people, each connected to both sides, in a chat of their own."""

import asyncio
import itertools
from dataclasses import dataclass, field

from cyphr.foundation.clock import monotonic
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Side
from cyphr.migrate.realtime.canary import Canary
from cyphr.migrate.realtime.places import RealtimePlaces

_PATIENCE_SECONDS = 10.0


@dataclass
class Round:
    """One message and where it arrived."""

    sent_on: Side
    seq: int
    milliseconds: dict[Side, float] = field(default_factory=dict)
    """From sending until the other canary had it, for each side where it came."""
    differences: list[str] = field(default_factory=list)


class CanaryConversation:
    """``async with`` signs both in and connects each to both sides. Raises Unavailable, InvalidInput."""

    def __init__(self, places: RealtimePlaces) -> None:
        self._places = places
        self._numbers = itertools.count(1)
        self._mark = f"canary {uuid7()}"
        self._canaries: dict[tuple[int, Side], Canary] = {}

    async def __aenter__(self) -> "CanaryConversation":
        pin = self._places.canary_pin()
        tokens = [await account.token(pin) for account in self._places.canaries]
        chat_id, last_seq = await self._places.canaries[0].open_chat(self._places.canaries[1])
        for number, token in enumerate(tokens):
            for side, url in self._places.endpoints.items():
                self._canaries[number, side] = Canary(url, token, chat_id, last_seq, self._mark)
        try:
            await asyncio.gather(*(canary.open() for canary in self._canaries.values()))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(canary.close() for canary in self._canaries.values()))

    async def say(self, sender: int, side: Side) -> Round:
        """Have one canary send from one side, and see that both sides deliver it. Connections that broke are made anew.

        Raises Unavailable when it could not be sent.
        """
        for canary in self._canaries.values():
            if not canary.is_connected:
                await canary.open()
        content = f"{self._mark} {next(self._numbers)}"
        began = monotonic()
        seq = await self._canaries[sender, side].send(content, _PATIENCE_SECONDS)
        spoken = Round(side, seq)
        for (number, where), canary in self._canaries.items():
            left = max(began + _PATIENCE_SECONDS - monotonic(), 0.1)
            if not await canary.has(seq, left):
                spoken.differences.append(
                    f"message {seq}, sent on {side}, did not arrive on {where} within {_PATIENCE_SECONDS:.0f} s"
                )
                continue
            said, at = canary.arrived[seq]
            if said != content:
                spoken.differences.append(
                    f"message {seq}, sent on {side} as {content!r}, arrived on {where} as {said!r}"
                )
            if number != sender:
                spoken.milliseconds[where] = (at - began) * 1000
            if canary.out_of_order:
                spoken.differences.append(f"{where} delivered {canary.out_of_order} after later messages")
                canary.out_of_order = []
            canary.forget_before(seq)
        return spoken
