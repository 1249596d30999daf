"""The database's migration: the four rooms, in their order, for the conductor."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import handover, schema, streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy.copier import Copier, CopyOptions
from cyphr.migrate.database.copy.points import read_copied
from cyphr.migrate.database.follow.applier import Applier, Progress
from cyphr.migrate.database.follow.sender import LagMeter, fetch_row
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.handover import Seat
from cyphr.migrate.database.platform_rows import PlatformRows
from cyphr.migrate.database.streams import PUBLICATION, Stream
from cyphr.migrate.database.verify.verifier import Verifier
from cyphr.migrate.service import HandoverTiming, Verification
from cyphr.schema.apply import install_switchboard

_APPLIER_LOCK = 0x6379706872_01
_BUDGET_SECONDS = 5.0
_LONG_TRANSACTION_SECONDS = 5.0
_RECONNECT_SECONDS = 0.2
_COPY_RETRY_SECONDS = 1.0


@dataclass
class FollowProgress:
    """What following has done so far, for people and machines."""

    changes_applied: int = 0
    transactions_applied: int = 0
    changes_per_second: float = 0.0
    lag_bytes: int = 0
    lag_seconds: float = 0.0
    last_error: str | None = None
    counted_at: float = 0.0

    def count(self, applied: Progress) -> None:
        """Take over what the applier has done; the rate is that since the last call."""
        now = monotonic()
        if self.counted_at and now > self.counted_at:
            self.changes_per_second = max(applied.changes - self.changes_applied, 0) / (now - self.counted_at)
        self.changes_applied, self.transactions_applied = applied.changes, applied.transactions
        self.counted_at = now

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "counted_at"}


class DatabaseMigration:
    """Moves one database from Supabase to AWS and back. One instance per process; the conductor calls it."""

    name = "database"

    def __init__(
        self,
        databases: Mapping[Side, PostgresSettings],
        programs: Path,
        *,
        copy_options: CopyOptions | None = None,
    ) -> None:
        self._databases = databases
        options = copy_options or CopyOptions()
        self._copier = Copier(databases[Side.SUPABASE], databases[Side.AWS], programs, options)
        self._tables: list[Table] = []
        self._applier: Applier | None = None
        self._verifier = Verifier(databases, self._following, options.workers)
        self._platform_rows = PlatformRows(databases[Side.SUPABASE], databases[Side.AWS])
        self._stream: Stream | None = None
        self._reverse: Stream | None = None
        self._end_epoch: int | None = None
        self._ended = asyncio.Event()
        self._go_on = asyncio.Event()
        self._progress = FollowProgress()
        self._lag = LagMeter()

    async def prepare(self) -> None:
        """Create this tool's tables on both sides and settle a handover that was interrupted. Idempotent."""
        for side in Side:
            async with await connect(self._databases[side]) as connection:
                await install_switchboard(connection)
                await streams.install_streams(connection)
                await connection.execute(
                    "insert into cyphr.switchboard (service, side) values ('database', 'supabase')"
                    " on conflict do nothing"
                )
        await self._settle_interrupted_handover()

    async def seat(self) -> Seat:
        """Which side has the authority. Raises Unavailable while neither has: a handover is under way."""
        seats = await self._seats()
        for side, seat in seats.items():
            if seat.side is side:
                return seat
        raise Unavailable("neither database accepts writes: a handover is under way or was interrupted")

    async def side(self) -> Side:
        """Where the database stands. While a handover is under way: where it comes from."""
        try:
            return (await self.seat()).side
        except Unavailable:
            if self._stream is None:
                raise
            return self._stream.sender

    async def copy(self) -> None:
        """Bring schema and rows over; what is done already is left out.

        Goes on by itself when a server goes away in the middle of it. Raises PreflightFailed before any change.
        """
        seat = await self.seat()
        if seat.side is not Side.SUPABASE:
            return
        while True:
            try:
                await self._copier.run(seat)
            except (Unavailable, psycopg.OperationalError) as error:
                if not self._copier.begun:
                    raise
                self._progress.last_error = str(error).strip()
                await asyncio.sleep(_COPY_RETRY_SECONDS)
            else:
                return

    async def follow(self) -> None:
        """Keep the receiving side up with the sending one, whichever way round, until cancelled.

        Connections that break are made again. Raises ApplyConflict when a change does not fit.
        """
        tasks = [asyncio.create_task(self._follow_stream()), asyncio.create_task(self._platform_rows.follow())]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await ended.pop()  # neither ends but by an error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_stream(self) -> None:
        while True:
            try:
                await self._apply()
            except (Unavailable, psycopg.OperationalError) as error:
                self._progress.last_error = str(error).strip()
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            finally:
                self._applier = None
            self._ended.set()
            await self._go_on.wait()
            self._go_on.clear()

    async def _apply(self) -> None:
        """Apply the stream of whoever has the authority, until its mark when a handover set one."""
        if self._end_epoch is None or self._stream is None:  # else neither side has it, and this stream must go on
            seat = await self.seat()
            async with await connect(self._databases[seat.side]) as writer:
                self._stream = await streams.current_stream(writer, seat)
        stream = self._stream
        receiver, sender = self._databases[stream.destination], self._databases[stream.sender]
        async with await connect(receiver) as connection, await connect(sender) as other:
            await _lock_applier(connection)
            await streams.drop_other_slots(other, stream)
            await streams.drop_other_slots(connection, self._reverse)
            self._tables = await read_tables(other)
            copied = await read_copied(connection)
            receiving = await read_tables(connection)
            fetch = partial(fetch_row, other)
            applier = Applier(connection, stream.name, receiving, copied, self._verifier.touched, fetch)
            if self._end_epoch is not None:
                applier.end_at(self._end_epoch)
            if copied and "references" not in await schema.finished_steps(connection):
                applier.at(max(points.newest for points in copied.values()), self._copier.complete_schema)
            lsn = await applier.prepare()
            async with ReplicationConnection.open(sender) as source:
                await source.start(stream.name, PUBLICATION, lsn)
                self._applier = applier
                self._progress.last_error = None
                await applier.run(source)

    async def progress(self) -> dict[str, Any]:
        """Rows and bytes copied, changes applied, and how far the receiver is behind: bytes of WAL, seconds."""
        applier, stream = self._applier, self._stream
        if applier is not None and stream is not None:
            async with await connect(self._databases[stream.sender]) as connection:
                lag = await self._lag.measure(connection, applier.progress.lsn)
            self._progress.lag_bytes, self._progress.lag_seconds = lag
            if not self._copier.progress.rows_copied:  # another process copied them
                async with await connect(self._databases[Side.AWS]) as target:
                    await self._copier.read_progress(target)
            self._progress.count(applier.progress)
        return asdict(self._copier.progress) | self._progress.as_dict()

    async def verify(self) -> Verification:
        """Compare every row of both databases at one point of the stream, while it flows."""
        await self._following()  # which knows the tables
        found = await self._verifier.verify(self._tables)
        people = await self._platform_rows.compare()
        if people.differences:
            self._verifier.forget()
        return replace(
            found, checked=found.checked + people.checked, differences=found.differences + people.differences
        )

    async def repair(self, limit: int) -> Verification:
        """Make at most ``limit`` differing rows of the receiving side what they are on the sending side; compare again.

        Raises VerificationFailed, with nothing changed, when more rows differ.
        """
        await self._following()
        return await self._verifier.repair(self._tables, limit)

    async def _following(self) -> tuple[Applier, Stream]:
        """The applier at work and its stream; waits a little for a stream that is being connected."""
        for _ in range(100):
            if self._applier is not None and self._stream is not None:
                return self._applier, self._stream
            await asyncio.sleep(0.05)
        raise Unavailable(f"nothing is followed at the moment; {self._progress.last_error or 'start the migrator'}")

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""
        seat = await self.seat()
        if seat.side is to:
            raise HandoverRefused(f"the database stands on {to} already")
        if not self._verifier.equal:
            raise HandoverRefused("the two databases have not been compared since the migrator started; run verify")
        await self._verifier.verify_touched(self._tables)
        epoch = max(each.epoch for each in (await self._seats()).values()) + 1
        async with await connect(self._databases[seat.side]) as old, await connect(self._databases[to]) as new:
            await schema.refresh_views(old, new)
            if waiting := await handover.long_transactions(old, _LONG_TRANSACTION_SECONDS):
                raise HandoverRefused(
                    f"long transactions would be cut off: {', '.join(waiting)}; end them, then try again"
                )
            self._reverse = Stream(seat.side, epoch)
            position = await streams.ensure_slot(self._databases[to], new, self._reverse)
            await streams.register(old, self._reverse, position, opened=False)
            try:
                timing = await self._move(old, new, to, epoch)
            except BaseException:
                await asyncio.shield(self._call_off(seat.side, epoch))
                raise
        self._follow_on()
        return timing

    def _follow_on(self) -> None:
        """Let ``follow`` look anew at who has the authority."""
        self._end_epoch = self._reverse = None
        self._ended.clear()
        self._go_on.set()

    async def _move(self, old: AsyncConnection, new: AsyncConnection, to: Side, epoch: int) -> HandoverTiming:
        applier, _ = await self._following()
        self._end_epoch = epoch
        applier.end_at(epoch)
        fence_seconds = await handover.fence(old, self._tables, to, epoch)
        fenced = monotonic()
        try:
            async with asyncio.timeout(_BUDGET_SECONDS):
                await self._ended.wait()
                await self._platform_rows.drain()
                drained = monotonic()
                await handover.carry_sequences(old, new)
                await self._verifier.verify_at_rest(old, new, self._tables)
                checked = monotonic()
                carry = await handover.read_other_services(old)
                await handover.lift_fence(new, self._tables, Seat(to, epoch), carry)
        except TimeoutError as error:
            raise HandoverRefused(
                f"it took longer than {_BUDGET_SECONDS:.0f} s under the fence; it was lifted"
            ) from error
        opened = monotonic()
        return HandoverTiming(
            fence_ms=fence_seconds * 1000,
            drain_ms=(drained - fenced) * 1000,
            check_ms=(checked - drained) * 1000,
            open_ms=(opened - checked) * 1000,
            blocked_ms=(fence_seconds + opened - fenced) * 1000,
        )

    async def _call_off(self, side: Side, epoch: int) -> None:
        """Give the authority back to ``side`` once it is certain that the other did not take it."""
        self._verifier.forget()
        while True:
            try:
                await self._take_back(side, epoch)
                break
            except (Unavailable, psycopg.OperationalError) as error:
                self._progress.last_error = f"the fence could not be lifted yet: {str(error).strip()}"
                await asyncio.sleep(_RECONNECT_SECONDS)
        self._follow_on()

    async def _take_back(self, side: Side, epoch: int) -> None:
        """Make sure that ``side`` has the authority, unless the other took it in ``epoch``.

        The other side is told first: an opening that is still under way there then fails, so that the two can never
        both be open.
        """
        async with await connect(self._databases[side.other]) as other, await connect(self._databases[side]) as here:
            if await handover.call_off(other, side.other, epoch):
                await handover.lift_fence(here, await read_tables(here), Seat(side, epoch + 1), {})

    async def _settle_interrupted_handover(self) -> None:
        seats = await self._seats()
        if any(seat.side is side for side, seat in seats.items()):
            return
        # Fenced and not opened: the one that was fenced last is the one to open again.
        side = max(seats, key=lambda each: seats[each].epoch)
        await self._take_back(side, seats[side].epoch)

    async def _seats(self) -> dict[Side, Seat]:
        seats = {}
        for side in Side:
            async with await connect(self._databases[side]) as connection:
                seats[side] = await handover.read_seat(connection)
        return seats


async def _lock_applier(connection: AsyncConnection) -> None:
    """One applier per receiving database. A killed one's session may take a moment to end."""
    for _ in range(50):
        cursor = await connection.execute("select pg_try_advisory_lock(%s)", [_APPLIER_LOCK])
        row = await cursor.fetchone()
        if row is not None and row[0]:
            return
        await asyncio.sleep(0.1)
    raise Unavailable("another migrator is applying changes to this database; stop it first")
