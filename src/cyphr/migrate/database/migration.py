"""The database's migration: the four rooms, in their order, for the conductor."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused, PreflightFailed, Unavailable, VerificationFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import handover, schema, streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy import copy_tables, read_copied
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.follow.stream import ReplicationConnection, SlotSnapshot, format_lsn
from cyphr.migrate.database.handover import Seat
from cyphr.migrate.database.platform_rows import PlatformRows
from cyphr.migrate.database.streams import PUBLICATION, Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify import (
    TableVerification,
    calibrate,
    prepare_to_verify,
    verify_tables,
    verify_touched,
)
from cyphr.migrate.service import HandoverTiming, Verification
from cyphr.schema.apply import install_switchboard

_APPLIER_LOCK = 0x6379706872_01
_BUDGET_SECONDS = 5.0
_LONG_TRANSACTION_SECONDS = 5.0
_RECONNECT_SECONDS = 0.2
_SAME_POINT_SECONDS = 30.0


@dataclass
class DatabaseProgress:
    """What the database's migration has done so far, for people and machines."""

    tables: int = 0
    rows_total: int = 0
    rows_copied: int = 0
    bytes_copied: int = 0
    changes_applied: int = 0
    transactions_applied: int = 0
    lag_bytes: int = 0
    last_error: str | None = None


class DatabaseMigration:
    """Moves one database from Supabase to AWS and back. One instance per process; the conductor calls it."""

    name = "database"

    def __init__(self, databases: Mapping[Side, PostgresSettings], programs: Path, *, workers: int = 2) -> None:
        self._databases = databases
        self._programs = programs
        self._workers = workers
        self._tables: list[Table] = []
        self._applier: Applier | None = None
        self._touched = Touched()
        self._verified = False
        self._stream: Stream | None = None
        self._reverse: Stream | None = None
        self._end_epoch: int | None = None
        self._ended = asyncio.Event()
        self._go_on = asyncio.Event()
        self._progress = DatabaseProgress()
        self._platform_rows = PlatformRows(databases[Side.SUPABASE], databases[Side.AWS])

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
        """Bring schema and rows over; what is done already is left out. Raises PreflightFailed before any change."""
        seat = await self.seat()
        if seat.side is not Side.SUPABASE:
            return
        source, target = self._databases[Side.SUPABASE], self._databases[Side.AWS]
        async with await connect(source) as reader, await connect(target) as writer:
            stream = await streams.current_stream(reader, seat)
            tables = await read_tables(reader)
            _demand_identities(tables)
            await streams.publish(reader, tables)
            scripts = await self._restore_tables(writer, tables)
            self._begin_progress(tables)
            async with self._copy_point(reader, writer, stream) as point:
                await self._copy_rows(writer, tables, point)
            await self._platform_rows.copy()
            if "indexes" not in await schema.finished_steps(writer):
                await schema.run_step(target, "indexes", scripts.indexes)
                await schema.refresh_views(reader, writer)
            await streams.publish(writer, tables)
            await handover.install_fence(reader, tables, enabled=False)

    async def _restore_tables(self, writer: AsyncConnection, tables: list[Table]) -> schema.SchemaScripts:
        source, target = self._databases[Side.SUPABASE], self._databases[Side.AWS]
        scripts = await schema.dump_schema(source, self._programs)
        if "tables" not in await schema.finished_steps(writer):
            occupied = [table.title for table in await read_tables(writer)]
            if occupied:
                raise PreflightFailed(
                    f"the target is not empty: it has {', '.join(occupied[:5])}. Give an empty database, or drop them."
                )
            await schema.ensure_roles(source, writer)
            await schema.ensure_extensions(source, writer)
            await schema.demand_needs(source, writer)
            await schema.run_step(target, "tables", scripts.tables)
        await handover.install_fence(writer, tables, enabled=True)
        return scripts

    async def _copy_rows(
        self,
        writer: AsyncConnection,
        tables: list[Table],
        point: SlotSnapshot,
    ) -> None:
        done = await read_copied(writer)
        remaining = [table for table in tables if (table.schema, table.name) not in done]
        under_way: dict[str, tuple[int, int]] = {}
        base = await _copied_totals(writer)

        def count(table: Table, rows: int, size: int) -> None:
            under_way[table.title] = (rows, size)
            self._progress.rows_copied = base[0] + sum(rows for rows, _ in under_way.values())
            self._progress.bytes_copied = base[1] + sum(size for _, size in under_way.values())

        await copy_tables(
            self._databases[Side.SUPABASE],
            self._databases[Side.AWS],
            remaining,
            point,
            workers=self._workers,
            on_rows=count,
        )
        self._progress.rows_copied, self._progress.bytes_copied = await _copied_totals(writer)

    def _begin_progress(self, tables: list[Table]) -> None:
        self._progress.tables = len(tables)
        self._progress.rows_total = sum(table.estimated_rows for table in tables)

    @asynccontextmanager
    async def _copy_point(
        self, reader: AsyncConnection, writer: AsyncConnection, stream: Stream
    ) -> AsyncIterator[SlotSnapshot]:
        """The point of the stream to copy at: the slot's own when it is created here, a later one after a restart."""
        async with ReplicationConnection.open(self._databases[Side.SUPABASE]) as replication:
            position = await streams.slot_position(reader, stream)
            if position is None and await read_copied(writer):
                raise Unavailable(
                    f"slot {stream.name} is gone from the source, and with it changes since the copy began. "
                    "Empty the target and start again."
                )
            if position is None:
                point = await replication.create_slot(stream.name)
                position = format_lsn(point.lsn)
            else:
                point = await replication.create_slot(f"{stream.name}_copy_{token_hex(4)}", temporary=True)
            await streams.register(writer, stream, position, opened=True)
            yield point

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
            applier = Applier(connection, stream.name, await read_tables(connection), copied, self._touched)
            if self._end_epoch is not None:
                applier.end_at(self._end_epoch)
            if copied and "references" not in await schema.finished_steps(connection):
                applier.at(max(copied.values()), self._restore_references)
            lsn = await applier.prepare()
            async with ReplicationConnection.open(sender) as source:
                await source.start(stream.name, PUBLICATION, lsn)
                self._applier = applier
                self._progress.last_error = None
                await applier.run(source)

    async def _restore_references(self) -> None:
        scripts = await schema.dump_schema(self._databases[Side.SUPABASE], self._programs)
        try:
            await schema.run_step(self._databases[Side.AWS], "references", scripts.references)
        except psycopg.errors.ForeignKeyViolation as error:  # a partitioned table's, to a user who is on the way
            raise Unavailable(f"a foreign key does not hold yet and is tried again: {error}") from error

    async def progress(self) -> dict[str, Any]:
        """Rows and bytes copied, changes applied, and how many bytes of WAL the receiver is behind."""
        applier, stream = self._applier, self._stream
        if applier is not None and stream is not None:
            async with await connect(self._databases[stream.sender]) as connection:
                cursor = await connection.execute(
                    "select greatest(pg_current_wal_lsn() - %s::pg_lsn, 0)::bigint",
                    [format_lsn(applier.progress.lsn)],
                )
                row = await cursor.fetchone()
            assert row is not None
            self._progress.lag_bytes = row[0]
            if not self._progress.rows_copied:  # another process copied them
                async with await connect(self._databases[Side.AWS]) as target:
                    self._progress.rows_copied, self._progress.bytes_copied = await _copied_totals(target)
            self._progress.changes_applied = applier.progress.changes
            self._progress.transactions_applied = applier.progress.transactions
        return asdict(self._progress)

    async def verify(self) -> Verification:
        """Compare every row of both databases at one point of the stream, while it flows."""
        started = monotonic()
        async with self._same_point() as (source, target, _):
            await calibrate(source, target)
            found = await verify_tables(source, target, self._tables)
        platform = await self._platform_rows.compare()
        result = _summary([*found, platform], monotonic() - started)
        self._verified = not result.differences
        return result

    async def _verify_touched(self) -> None:
        """Compare what changed since the last comparison, while the stream flows."""
        async with self._same_point() as (source, target, touched):
            found = await verify_touched(source, target, self._tables, touched)
        self._demand_equal(found)

    def _demand_equal(self, found: list[TableVerification]) -> None:
        differences = [line for table in found for line in table.differences]
        if differences:
            self._verified = False
            raise VerificationFailed(
                f"the two databases differ: {'; '.join(differences[:5])}. Correct these rows, then run verify.",
                differences=differences,
            )

    async def _following(self) -> tuple[Applier, Stream]:
        """The applier at work and its stream; waits a little for a stream that is being connected."""
        for _ in range(100):
            if self._applier is not None and self._stream is not None:
                return self._applier, self._stream
            await asyncio.sleep(0.05)
        raise Unavailable(f"nothing is followed at the moment; {self._progress.last_error or 'start the migrator'}")

    @asynccontextmanager
    async def _same_point(self) -> AsyncIterator[tuple[AsyncConnection, AsyncConnection, Touched]]:
        """Two connections that show both databases at one point of the stream, and what was touched before it."""
        applier, stream = await self._following()
        sender = self._databases[stream.sender]
        reached = asyncio.Event()
        taken = Touched()
        async with (
            ReplicationConnection.open(sender) as replication,
            await connect(sender) as source,
            await connect(self._databases[stream.destination]) as target,
        ):
            await prepare_to_verify(source)
            await prepare_to_verify(target)

            async def look() -> None:
                await target.execute("begin transaction isolation level repeatable read, read only")
                await target.execute("select 1 from cyphr.switchboard")  # the first query takes the snapshot
                taken.add(self._touched.take())
                reached.set()

            try:
                async with asyncio.timeout(_SAME_POINT_SECONDS):
                    async with applier.held():  # the point must lie ahead of what is applied
                        point = await replication.create_slot(f"{stream.name}_verify_{token_hex(4)}", temporary=True)
                        applier.at(point.lsn, look)
                    await source.execute("begin transaction isolation level repeatable read, read only")
                    await source.execute(sql.SQL("set transaction snapshot {}").format(point.snapshot))
                    async with await connect(sender) as nudge:  # something must pass the point if nobody writes
                        await nudge.execute("set synchronous_commit = on")
                        await nudge.execute("select pg_logical_emit_message(true, 'cyphr', '{}')")
                    await reached.wait()
            except TimeoutError as error:
                raise Unavailable(
                    "no point to compare both sides at could be reached in time; is a long transaction running?"
                ) from error
            try:
                yield source, target, taken
            except BaseException:
                self._touched.add(taken)
                raise

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""
        seat = await self.seat()
        if seat.side is to:
            raise HandoverRefused(f"the database stands on {to} already")
        if not self._verified:
            raise HandoverRefused("the two databases have not been compared since the migrator started; run verify")
        await self._verify_touched()
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
            await prepare_to_verify(old)
            await prepare_to_verify(new)
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
                self._demand_equal(await verify_touched(old, new, self._tables, self._touched.take()))
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
        self._verified = False  # what was touched is not known any more
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


def _demand_identities(tables: list[Table]) -> None:
    nameless = [table.title for table in tables if not table.key and table.replica_identity != "f"]
    if nameless:
        raise PreflightFailed(
            f"rows of {', '.join(nameless)} cannot be identified, and publishing such a table makes its updates fail. "
            "Give each a primary key, or: alter table … replica identity full."
        )


async def _copied_totals(connection: AsyncConnection) -> tuple[int, int]:
    cursor = await connection.execute(
        "select coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint from cyphr.copied"
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def _summary(found: list[TableVerification], seconds: float) -> Verification:
    return Verification(
        checked=sum(table.rows for table in found),
        differences=[line for table in found for line in table.differences],
        seconds=seconds,
    )
