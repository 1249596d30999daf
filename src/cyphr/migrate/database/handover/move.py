"""Move: the authority goes to the other side, or everything is as it was before.

The order: prove that it can be done; make the slot of the way back on the new side; arm the tables of the old one and
close its fence; wait for its mark in the stream; carry sequences; compare what was touched; open the new side.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.cancellation import together
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import streams
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.handover import fence, readiness, seats, sequences, transactions
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.handover.turn import Turn
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.verify.view import prepare_to_verify
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.migrate.service import HandoverTiming

_RETRY_SECONDS = 0.2
_SLOT_SECONDS = 20.0
_DISARM_SECONDS = 1.0  # after a move: what waited for it is written by then


@dataclass(frozen=True)
class Following:
    """What a handover needs of the rest of the migration."""

    applier: Callable[[], Awaitable[Applier]]
    """The applier at work. Raises Unavailable when nothing is followed."""
    compare: Callable[[AsyncConnection, AsyncConnection], Coroutine[Any, Any, list[str]]]
    """Compare what was touched since the last comparison, both sides at rest; the tables for which there is no time.
    Raises VerificationFailed.
    """
    bring: Callable[[Mapping[Side, AsyncConnection]], Awaitable[None]]
    """Bring what does not come with the stream. Its connections are prepared to verify."""
    say: Callable[[str], None]
    """Tell the operator what keeps this from going on."""


@dataclass(frozen=True)
class _Places:
    """Connections to both sides, so that nothing under the fence waits for another: one each to compare, one for the
    rest.
    """

    old: AsyncConnection
    new: AsyncConnection
    old_rows: AsyncConnection
    new_rows: AsyncConnection

    @classmethod
    @asynccontextmanager
    async def open(cls, old: PostgresSettings, new: PostgresSettings) -> AsyncIterator["_Places"]:
        async with (
            await connect(old) as old_side,
            await connect(new) as new_side,
            await connect(old) as old_rows,
            await connect(new) as new_rows,
        ):
            places = cls(old_side, new_side, old_rows, new_rows)
            for connection in (old_side, new_side, old_rows, new_rows):
                await prepare_to_verify(connection)
            yield places


class Handover:
    """Moves the authority between ``databases``, and settles what an interrupted move left."""

    def __init__(
        self, databases: Mapping[Side, PostgresSettings], rules: HandoverSettings, turn: Turn, following: Following
    ) -> None:
        self._databases = databases
        self._rules = rules
        self._turn = turn
        self._following = following
        self._opening = False
        self._moved = asyncio.Event()
        self._arming = asyncio.Lock()

    async def make_ready(self, to: Side) -> list[str]:
        """Refuse early what is bound to fail, and deal with long transactions as the rules say; those that were ended.

        Raises HandoverRefused; then nothing has changed.
        """
        async with await connect(self._databases[to.other]) as old, await connect(self._databases[to]) as new:
            await fence.demand_all_moved(old)
            await readiness.prove_way_back(old)
            await sequences.carry_sequences(old, new, self._rules.sequence_margin)
            return await transactions.clear_long_transactions(old, self._rules)

    async def move(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""
        async with self._arming:
            try:
                return await self._move(to)
            finally:
                self._moved.set()

    async def _move(self, to: Side) -> HandoverTiming:
        old_side = to.other
        epoch = max(seat.epoch for seat in (await seats.read_seats(self._databases)).values()) + 1
        async with _Places.open(self._databases[old_side], self._databases[to]) as places:
            old, new = places.old, places.new
            ended = await transactions.clear_long_transactions(old, self._rules)
            for connection in (old, new):
                await transactions.send_vacuum_away(connection)
            await fence.demand_all_moved(old)
            await readiness.prove_way_back(old)
            applier = await self._following.applier()
            await readiness.demand_small_lag(old, applier.progress.lsn, self._rules.largest_lag_bytes)
            carried = await sequences.carry_sequences(old, new, self._rules.sequence_margin)
            await fence.arm_fence(old, self._rules.lock_wait_milliseconds)
            await self._prepare_way_back(old, new, applier, Stream(old_side, epoch))
            await readiness.wait_for_small_lag(old, applier)
            begun = monotonic()
            try:
                timing = await self._close_and_open(places, Seat(to, epoch), carried)
            except BaseException as error:
                taken_back = await asyncio.shield(self._call_off(old_side, epoch))
                if taken_back or not isinstance(error, Exception):
                    raise
                # The other side has opened; only the answer to its commit was lost.
                timing = HandoverTiming(0.0, 0.0, blocked_ms=(monotonic() - begun) * 1000)
        self._turn.go_on()
        return replace(timing, ended=ended)

    async def _prepare_way_back(
        self, old: AsyncConnection, new: AsyncConnection, applier: Applier, reverse: Stream
    ) -> None:
        self._turn.reverse = reverse
        try:
            # Making it takes as long as any transaction that is writing there; the applier's need not be among them.
            async with asyncio.timeout(_SLOT_SECONDS), applier.held():
                position = await streams.ensure_slot(self._databases[reverse.sender], new, reverse)
        except TimeoutError as error:
            found = ", ".join(map(str, await transactions.find_long_transactions(new, 1)))
            raise HandoverRefused(
                f"the slot of the way back could not be made in {_SLOT_SECONDS:.0f} s: it waits for "
                + (f"transactions of the {reverse.sender} side: {found}" if found else "what is being applied")
            ) from error
        await streams.register(old, reverse, position, opened=False)

    async def _close_and_open(self, places: _Places, seat: Seat, carried: sequences.Carried) -> HandoverTiming:
        self._opening = False
        known = await fence.read_fence_targets(places.new)
        applier = await self._following.applier()
        self._turn.end_at(seat.epoch)
        applier.end_at(seat.epoch)
        fence_seconds = await fence.close_fence(places.old, seat, self._rules.lock_wait_milliseconds)
        fenced = monotonic()
        try:
            async with asyncio.timeout(self._rules.budget_seconds):
                # Nothing is written to the old side any more, so what it knows is asked while the stream runs dry.
                meanwhile: list[Coroutine[Any, Any, Any]] = [self._ask_old(places, seat.side), self._drain()]
                carry, drained = await together(meanwhile)
                checks: list[Coroutine[Any, Any, Any]] = [
                    sequences.carry_sequences(places.old, places.new, self._rules.sequence_margin, carried),
                    self._following.compare(places.old_rows, places.new_rows),
                ]
                _, left_out = await together(checks)
                checked = monotonic()
                self._opening = True
                await fence.lift_fence(places.new, seat, carry, known)
        except TimeoutError as error:
            raise HandoverRefused(
                f"it took longer than {self._rules.budget_seconds:.0f} s under the fence; it was lifted"
            ) from error
        opened = monotonic()
        return HandoverTiming(
            fence_ms=fence_seconds * 1000,
            drain_ms=(drained - fenced) * 1000,
            check_ms=(checked - drained) * 1000,
            open_ms=(opened - checked) * 1000,
            blocked_ms=(fence_seconds + opened - fenced) * 1000,
            left_out=left_out,
        )

    async def _drain(self) -> float:
        """Wait until everything before the mark is applied; when it was."""
        await self._turn.wait_for_end()
        return monotonic()

    async def _ask_old(self, places: _Places, to: Side) -> dict[str, Seat]:
        """What the fenced side alone can tell; where the other services stand."""
        await fence.demand_all_moved(places.old)  # one may have been created while the fence was being closed
        await self._following.bring({to.other: places.old, to: places.new})
        return await seats.read_other_services(places.old)

    async def _call_off(self, side: Side, epoch: int) -> bool:
        """Give the authority back to ``side`` once it is certain that the other did not take it; False when it did."""
        while True:
            try:
                # What was never asked to open cannot open late, so then the other server may be out of reach.
                taken_back = await self._take_back(side, epoch, other_may_open=self._opening)
                break
            except (Unavailable, psycopg.OperationalError) as error:
                self._following.say(f"the fence could not be lifted yet: {str(error).strip()}")
                await asyncio.sleep(_RETRY_SECONDS)
        self._turn.go_on()
        return taken_back

    async def _take_back(self, side: Side, epoch: int, *, other_may_open: bool) -> bool:
        """Make sure that ``side`` has the authority, unless the other took it in ``epoch``; whether it has.

        The other side is told first: an opening that is still under way there then fails, so that the two can never
        both be open.
        """
        if other_may_open:
            async with await connect(self._databases[side.other]) as other:
                if not await seats.call_off(other, side.other, epoch):
                    return False
        async with await connect(self._databases[side]) as here:
            await fence.lift_fence(here, Seat(side, epoch + 1), {})
        return True

    async def spare_writers(self) -> None:
        """Disarm whichever side is open after a move, in a moment when nobody waits for anything. Until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            await asyncio.sleep(_DISARM_SECONDS)
            async with self._arming:
                await self._disarm()

    async def _disarm(self) -> None:
        """Spare the writers of whichever side is open the way past the fence. It can wait until the next start."""
        for side in Side:
            try:
                async with await connect(self._databases[side]) as connection:
                    if (await seats.read_seat(connection)).side is side:
                        await fence.disarm_fence(connection)
            except HandoverRefused as error:
                self._following.say(f"the tables of {side} stay armed: {error.message}")
            except (Unavailable, psycopg.OperationalError):
                continue  # it is out of reach, which following says

    async def settle_interrupted(self) -> None:
        """Open the side that a migrator left fenced which was killed before it opened the other."""
        found = await seats.read_seats(self._databases)
        if not any(seat.side is side for side, seat in found.items()):
            # Fenced and not opened: the one that was fenced last is the one to open again.
            side = max(found, key=lambda each: found[each].epoch)
            await self._take_back(side, found[side].epoch, other_may_open=True)
        await self._disarm()
