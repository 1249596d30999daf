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
from cyphr.migrate.database import schema, streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy import copy_tables, read_copied
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.follow.stream import ReplicationConnection, SlotSnapshot, format_lsn
from cyphr.migrate.database.handover import closing, fence, seats, triggers
from cyphr.migrate.database.handover.move import Following, Handover
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.handover.turn import Turn
from cyphr.migrate.database.streams import PUBLICATION, Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify import (
    TableVerification,
    calibrate,
    prepare_to_verify,
    verify_tables,
    verify_touched,
)
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.migrate.service import HandoverTiming, Verification

_APPLIER_LOCK = 0x6379706872_01
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

    def __init__(
        self,
        databases: Mapping[Side, PostgresSettings],
        programs: Path,
        *,
        workers: int = 2,
        rules: HandoverSettings | None = None,
    ) -> None:
        self._databases = databases
        self._programs = programs
        self._workers = workers
        self._tables: list[Table] = []
        self._applier: Applier | None = None
        self._touched = Touched()
        self._verified = False
        self._stream: Stream | None = None
        self._turn = Turn()
        self._progress = DatabaseProgress()
        following = Following(self._applier_at_work, self._compare_under_fence, self._say)
        self._handover = Handover(databases, rules or HandoverSettings(), self._turn, following)

    async def prepare(self) -> None:
        """Create this tool's tables on both sides and settle a handover that was interrupted. Idempotent."""
        for side in Side:
            async with await connect(self._databases[side]) as connection:
                await closing.install_and_remember(connection)
                await streams.install_streams(connection)
                await connection.execute(
                    "insert into cyphr.switchboard (service, side) values ('database', 'supabase')"
                    " on conflict do nothing"
                )
        await self._handover.settle_interrupted()

    async def seat(self) -> Seat:
        """Which side has the authority. Raises Unavailable while neither has: a handover is under way."""
        return seats.find_holder(await seats.read_seats(self._databases))

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
            scripts = await self._restore_tables(writer)
            self._begin_progress(tables)
            async with self._copy_point(reader, writer, stream) as point:
                await self._copy_rows(writer, tables, point)
            if "indexes" not in await schema.finished_steps(writer):
                await schema.run_step(target, "indexes", scripts.indexes)
            await streams.publish(writer, tables)
            async with writer.transaction():
                await triggers.quieten_triggers(writer)
            await fence.install_fence(reader, enabled=False)

    async def _restore_tables(self, writer: AsyncConnection) -> schema.SchemaScripts:
        source, target = self._databases[Side.SUPABASE], self._databases[Side.AWS]
        scripts = await schema.dump_schema(source, self._programs)
        if "tables" not in await schema.finished_steps(writer):
            occupied = [table.title for table in await read_tables(writer)]
            if occupied:
                raise PreflightFailed(
                    f"the target is not empty: it has {', '.join(occupied[:5])}. Give an empty database, or drop them."
                )
            await schema.ensure_roles(source, writer)
            await schema.run_step(target, "tables", scripts.tables)
        await fence.install_fence(writer, enabled=True)
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
        while True:
            try:
                ended_at = await self._apply()
            except (Unavailable, psycopg.OperationalError) as error:
                self._progress.last_error = str(error).strip()
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            finally:
                self._applier = None
            await self._turn.rest_at(ended_at)

    async def _apply(self) -> int | None:
        """Apply the stream of whoever has the authority, until its mark when a handover set one; that mark's epoch."""
        if self._turn.end_epoch is None or self._stream is None:  # else neither side has it, and this stream must go on
            seat = await self.seat()
            async with await connect(self._databases[seat.side]) as writer:
                self._stream = await streams.current_stream(writer, seat)
        stream = self._stream
        receiver, sender = self._databases[stream.destination], self._databases[stream.sender]
        async with await connect(receiver) as connection, await connect(sender) as other:
            await _lock_applier(connection)
            await streams.drop_other_slots(other, stream)
            await streams.drop_other_slots(connection, self._turn.reverse)
            self._tables = await read_tables(other)
            copied = await read_copied(connection)
            applier = Applier(connection, stream.name, await read_tables(connection), copied, self._touched)
            if self._turn.end_epoch is not None:
                applier.end_at(self._turn.end_epoch)
            if copied and "references" not in await schema.finished_steps(connection):
                applier.at(max(copied.values()), self._restore_references)
            lsn = await applier.prepare()
            async with ReplicationConnection.open(sender) as source:
                await source.start(stream.name, PUBLICATION, lsn)
                self._applier = applier
                self._progress.last_error = None
                return await applier.run(source)

    async def _restore_references(self) -> None:
        scripts = await schema.dump_schema(self._databases[Side.SUPABASE], self._programs)
        await schema.run_step(self._databases[Side.AWS], "references", scripts.references)

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
        result = _summary(found, monotonic() - started)
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

    async def epoch(self) -> int:
        """The epoch in which the authority is where it is. Raises Unavailable while a handover is under way."""
        return (await self.seat()).epoch

    async def make_ready(self, to: Side) -> list[str]:
        """Refuse early what is bound to fail; which long transactions were ended. Raises HandoverRefused."""
        return await self._handover.make_ready(to)

    async def close(self) -> None:
        """End the way back, once the database stands on AWS for good. Following must have ended."""
        await closing.close_databases(self._databases)

    async def give_up(self) -> None:
        """Take everything of this tool away from the source. Following must have ended."""
        await closing.give_up_source(self._databases[Side.SUPABASE])

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""
        if (await self.seat()).side is to:
            raise HandoverRefused(f"the database stands on {to} already")
        if not self._verified:
            raise HandoverRefused("the two databases have not been compared since the migrator started; run verify")
        await self._verify_touched()
        return await self._handover.move(to)

    async def _compare_under_fence(self, old: AsyncConnection, new: AsyncConnection) -> None:
        self._verified = False  # what was touched is known to nobody if this is not finished
        self._demand_equal(await verify_touched(old, new, self._tables, self._touched.take()))
        self._verified = True

    async def _applier_at_work(self) -> Applier:
        applier, _ = await self._following()
        return applier

    def _say(self, words: str) -> None:
        self._progress.last_error = words


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
