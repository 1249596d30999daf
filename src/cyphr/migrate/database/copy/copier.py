"""The whole of a database's copy, in its order. Called again after a crash, it leaves out what is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Conflict, HandoverRefused, PreflightFailed, Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import schema, streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy import mixed, wal
from cyphr.migrate.database.copy.parts import plan_parts
from cyphr.migrate.database.copy.piece import CopyPlace
from cyphr.migrate.database.copy.points import copied_totals, read_copied
from cyphr.migrate.database.copy.tables import CopyJob, copy_tables
from cyphr.migrate.database.follow.stream import ReplicationConnection, SlotSnapshot, format_lsn
from cyphr.migrate.database.handover import fence, triggers
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.platform_rows import PlatformRows
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.wire import SESSION_OPTIONS
from cyphr.migrate.hooks.settings import LOCK_WAIT_MILLISECONDS

_PROGRESS_SECONDS = 0.5
_LONGEST_LOCK_WAIT_MILLISECONDS = 10_000


@dataclass(frozen=True)
class CopyOptions:
    """How fast a copy goes, and how much of it a crash may cost."""

    workers: int = 2
    part_bytes: int = 1024**3
    """Tables larger than this are copied in parts of about this size."""
    bytes_per_second: int | None = None
    """All workers together; None: as fast as both servers can."""


@dataclass
class CopyProgress:
    """How far the copy is. ``rows_total`` is the source's own estimate; 0: it has none."""

    tables: int = 0
    rows_total: int = 0
    bytes_total: int = 0
    rows_copied: int = 0
    bytes_copied: int = 0
    seconds: float = 0.0
    eta_seconds: float | None = None


class Copier:
    """Copies one database. ``begun`` once rows may have been copied: from there on a broken connection is no news."""

    def __init__(
        self,
        source: PostgresSettings,
        target: PostgresSettings,
        programs: Path,
        options: CopyOptions,
        platform_rows: PlatformRows,
    ) -> None:
        self._source = source
        self._target = target
        self._programs = programs
        self._options = options
        self._platform_rows = platform_rows
        self._started_at = 0.0
        self._done_before = 0
        self._lock_wait = LOCK_WAIT_MILLISECONDS
        self._taken: tuple[str, schema.SchemaScripts] | None = None
        self.progress = CopyProgress()
        self.begun = False

    async def run(self, seat: Seat) -> None:
        """Bring schema and rows over.

        Raises PreflightFailed or Conflict before any change; Unavailable and psycopg.Error when a server goes away.
        """
        async with (
            await connect(self._source, options=SESSION_OPTIONS) as reader,
            await connect(self._target, options=SESSION_OPTIONS) as writer,
            schema.Restorer(self._target) as restorer,
        ):
            stream = await streams.current_stream(reader, seat)
            tables = await read_tables(reader)
            demand_identities(tables)
            await streams.publish(reader, tables)
            scripts = await self._restore_tables(reader, writer, restorer)
            await self._begin_progress(writer, tables)
            async with self._point(reader, writer, stream) as point:
                self.begun = True
                await self._copy_rows(reader, writer, restorer, tables, point, scripts)
            if not await mixed.read_mixed(writer):  # else once the stream has passed the newest of their points
                await self._build_indexes(writer, restorer, scripts)
                await schema.refresh_views(reader, writer)
            await self._platform_rows.copy()
            await self._install_fence(reader)

    async def _install_fence(self, reader: AsyncConnection) -> None:
        """Create the fence on the source, open. Raises Unavailable where statements follow each other too closely: the
        next time a lock is waited for twice as long, for there it takes as long as such statements do.
        """
        try:
            await fence.install_fence(reader, closed=False, wait_milliseconds=self._lock_wait)
        except HandoverRefused as error:
            self._lock_wait = min(2 * self._lock_wait, _LONGEST_LOCK_WAIT_MILLISECONDS)
            raise Unavailable(f"the fence cannot be created yet: {error.message}") from error

    async def complete_schema(self) -> bool:
        """Build what could not be built before the stream has passed every point that was copied at.

        False: a foreign key does not hold, because a row refers to a user who left Supabase since. What became of the
        row is further down the stream; ask again when it is applied.
        """
        async with (
            await connect(self._source, options=SESSION_OPTIONS) as reader,
            await connect(self._target, options=SESSION_OPTIONS) as writer,
            schema.Restorer(self._target) as restorer,
        ):
            scripts = await self._take_schema(reader)
            tables = {(table.schema, table.name): table for table in await read_tables(writer)}
            await mixed.settle_tables(writer, [tables[name] for name in await mixed.read_mixed(writer)])
            await self._build_indexes(writer, restorer, scripts)
            # Published only now: what has no key yet must not be, or its rows could be neither updated nor deleted.
            await streams.publish(writer, list(tables.values()))
            async with writer.transaction():
                await triggers.quieten_triggers(writer)
            try:
                if "references" not in await schema.finished_steps(writer):
                    await self._platform_rows.drain()
                    await restorer.run_step("references", scripts.references)
            except psycopg.errors.ForeignKeyViolation:  # a partitioned table's; others are validated later
                return False
        self._taken = None
        return True

    async def _build_indexes(
        self, writer: AsyncConnection, restorer: schema.Restorer, scripts: schema.SchemaScripts
    ) -> None:
        """Whatever of the indexes is still missing."""
        done = await schema.finished_steps(writer)
        if "indexes" not in done:
            for table, script in scripts.indexes_of.items():
                if (step := f"indexes of {'.'.join(table)}") not in done:
                    await restorer.run_step(step, script, helpers=self._options.workers - 1)
            await restorer.run_step("indexes", scripts.indexes)

    async def _take_schema(self, reader: AsyncConnection) -> schema.SchemaScripts:
        """The source's schema as scripts; taken anew only if it was changed since it was taken last."""
        seen = await schema.fingerprint(reader)
        if self._taken is None or self._taken[0] != seen:
            self._taken = seen, await schema.dump_schema(self._source, self._programs)
        return self._taken[1]

    async def _restore_tables(
        self, reader: AsyncConnection, writer: AsyncConnection, restorer: schema.Restorer
    ) -> schema.SchemaScripts:
        scripts = await self._take_schema(reader)
        if "tables" not in await schema.finished_steps(writer):
            occupied = [table.title for table in await read_tables(writer)]
            if occupied:
                raise PreflightFailed(
                    f"the target is not empty: it has {', '.join(occupied[:5])}. Give an empty database, or drop them."
                )
            await schema.ensure_roles(reader, writer)
            await schema.ensure_extensions(reader, writer)
            await schema.demand_needs(reader, writer)
            await restorer.run_step("tables", scripts.tables)
        await fence.install_fence(writer, closed=True)
        return scripts

    async def _copy_rows(
        self,
        reader: AsyncConnection,
        writer: AsyncConnection,
        restorer: schema.Restorer,
        tables: list[Table],
        point: SlotSnapshot,
        scripts: schema.SchemaScripts,
    ) -> None:
        done = await read_copied(writer)
        remaining = [table for table in tables if (table.schema, table.name) not in done]
        parts = await plan_parts(reader, writer, remaining, self._options.part_bytes)
        await mixed.prepare_tables(writer, parts, point.lsn)

        # A table's indexes are built while others are still copied; not those of one whose parts show several points.
        steps = await schema.finished_steps(writer)
        built = "indexes" in steps

        async def finish(table: Table, helpers: int) -> None:
            script = scripts.indexes_of.get((table.schema, table.name))
            if script and not built and not mixed.becomes_mixed(parts.get(table, ()), point.lsn):
                await restorer.run_step(f"indexes of {table.title}", script, helpers=helpers)

        job = CopyJob(
            place=CopyPlace(self._source, self._target, point, has_references="references" in steps),
            workers=self._options.workers,
            bytes_per_second=self._options.bytes_per_second,
            finish=finish,
            whole=[table for table in remaining if table not in parts],
            parts=parts,
        )
        async with self._observing(writer), wal.flushed_often(self._target):
            await copy_tables(job)
        await self.read_progress(writer)
        self.progress.eta_seconds = None

    @asynccontextmanager
    async def _point(
        self, reader: AsyncConnection, writer: AsyncConnection, stream: Stream
    ) -> AsyncIterator[SlotSnapshot]:
        """The point of the stream to copy at: the slot's own when it is created here, a later one after a restart."""
        async with ReplicationConnection.open(self._source) as replication:
            position = await streams.slot_position(reader, stream)
            if position is None and (await copied_totals(writer))[0]:
                raise Conflict(
                    f"slot {stream.name} is gone from the source, and with it changes since the copy began. "
                    "Empty the target and start again."
                )
            if position is None:
                point = await streams.make_slot(replication, reader, stream)
                position = format_lsn(point.lsn)
            else:
                point = await replication.create_temporary_slot(f"{stream.name}_copy_{token_hex(4)}")
            await streams.register(writer, stream, position, opened=True)
            yield point

    async def _begin_progress(self, writer: AsyncConnection, tables: list[Table]) -> None:
        self.progress.tables = len(tables)
        rows = [table.estimated_rows for table in tables]
        self.progress.rows_total = sum(each or 0 for each in rows) if None not in rows else 0
        self.progress.bytes_total = sum(table.bytes for table in tables)
        await self.read_progress(writer)
        self._started_at, self._done_before = monotonic(), self._done()[0]

    async def read_progress(self, target: AsyncConnection) -> None:
        """Ask the target, which counts what it takes, whoever sends it."""
        self.progress.rows_copied, self.progress.bytes_copied = await copied_totals(target)

    @asynccontextmanager
    async def _observing(self, target: AsyncConnection) -> AsyncIterator[None]:
        """Keep the progress up to date while the block runs."""
        ended = asyncio.Event()

        async def observe() -> None:
            while not ended.is_set():
                await self.read_progress(target)
                self._estimate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _PROGRESS_SECONDS)

        observing = asyncio.create_task(observe())
        try:
            yield
        finally:
            ended.set()
            # A server that is gone is noticed by who copies as well, and told there.
            await asyncio.gather(observing, return_exceptions=True)

    def _estimate(self) -> None:
        progress = self.progress
        progress.seconds = monotonic() - self._started_at
        done, total = self._done()
        brought = done - self._done_before
        if progress.seconds > 1 and brought:
            progress.eta_seconds = max(total - done, 0) * progress.seconds / brought

    def _done(self) -> tuple[int, int]:
        """How much is copied, and of how much: rows, or bytes where the source does not know about how many rows."""
        progress = self.progress
        if progress.rows_total:
            return progress.rows_copied, progress.rows_total
        return progress.bytes_copied, progress.bytes_total


def demand_identities(tables: list[Table]) -> None:
    """Raise PreflightFailed for tables whose updates would fail once they are published."""
    nameless = [table.title for table in tables if not table.key and table.replica_identity != "f"]
    if nameless:
        raise PreflightFailed(
            f"rows of {', '.join(nameless)} cannot be identified, and publishing such a table makes its updates fail. "
            "Give each a primary key, or: alter table … replica identity full."
        )
