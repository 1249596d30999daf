"""Applies a stream of changes to the receiving database, each source transaction exactly once.

The position in the stream is stored in ``cyphr.streams`` of the receiving database, in the same transaction as the
rows. Whatever kills this process, the server or the network, the next run starts at that position. Many transactions of
the sending side go into one of the receiving side; a huge one goes there in runs, so that memory stays bounded.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.errors import ApplyConflict, Unavailable
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.points import CopyPoints
from cyphr.migrate.database.follow.net import Change, Replay
from cyphr.migrate.database.follow.pgoutput import (
    BEGIN,
    COMMIT,
    DELETE,
    INSERT,
    UPDATE,
    Begin,
    Commit,
    Delete,
    Insert,
    Mark,
    Message,
    Relation,
    Truncate,
    Update,
    decode,
)
from cyphr.migrate.database.follow.statements import Statements
from cyphr.migrate.database.follow.stream import HEADER_BYTES, Position, ReplicationConnection, format_lsn, parse_lsn
from cyphr.migrate.database.follow.writer import Fetch, Writer
from cyphr.migrate.database.touched import Touched

_CHANGES_PER_RUN = 5_000
_BYTES_PER_RUN = 16 * 1024 * 1024
_MESSAGES_PER_TURN = 256
_IDLE_SECONDS = 0.05
_STILL_SECONDS = 30.0
_NOT_COPIED = CopyPoints(oldest=0, newest=0)


@dataclass
class Checkpoint:
    """Work to do when exactly what committed before ``lsn`` is applied."""

    lsn: int
    action: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class _End:
    """What a transaction of the receiving side brings it to."""

    lsn: int
    opened: bool
    transactions: int
    changes: int


class _Hold:
    def __init__(self) -> None:
        self.at_rest = asyncio.Event()
        self.released = asyncio.Event()


@dataclass
class Progress:
    """How far the applier is, for people."""

    lsn: int = 0
    transactions: int = 0
    changes: int = 0


class Applier:
    """Applies one stream. ``connection``: owner of the tables, in autocommit mode, used by nobody else."""

    def __init__(
        self,
        connection: AsyncConnection,
        stream: str,
        tables: list[Table],
        copied: Mapping[tuple[str, str], CopyPoints],
        touched: Touched,
        fetch: Fetch,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._tables = {(table.schema, table.name): table for table in tables}
        self._copied = copied
        self._writer = Writer(connection, fetch, touched)
        self._points: dict[int, CopyPoints] = {}
        self._opened = False
        self._run: list[Change] = []
        self._run_bytes = 0
        self._uncommitted_changes = 0
        self._uncommitted_transactions = 0
        self._commit_lsn = 0
        self._in_source_transaction = False
        self._skipping = False
        self._transaction_lsn = 0
        self._checkpoints: list[Checkpoint] = []
        self._hold: _Hold | None = None
        self._writing: asyncio.Task[None] | None = None
        self._end_epoch: int | None = None
        self._end_seen = False
        self._sends_opening = False
        self._in_action = False
        self._ended = asyncio.Event()
        self.progress = Progress()

    async def prepare(self) -> int:
        """Read the position to start from; what was applied before it is here already."""
        await self._writer.prepare()
        cursor = await self._connection.execute(
            "select applied_lsn, opened from cyphr.streams where name = %s", [self._stream]
        )
        row = await cursor.fetchone()
        assert row is not None, f"stream {self._stream} was not registered"
        self.progress.lsn = parse_lsn(row[0])
        self._opened = row[1]
        return self.progress.lsn

    def end_at(self, epoch: int) -> None:
        """Stop at the mark of the fence of ``epoch``."""
        self._end_epoch = epoch

    def at(self, lsn: int, action: Callable[[], Awaitable[None]]) -> None:
        """Run ``action`` when exactly what committed before ``lsn`` is applied, before anything later is."""
        self._checkpoints.append(Checkpoint(lsn, action))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Between two transactions, apply nothing while the block runs: a point ahead of the applier can be chosen."""
        self._hold = _Hold()
        try:
            await self.wait_for(self._hold.at_rest)
            yield
        finally:
            self._hold.released.set()
            self._hold = None

    async def wait_for(self, event: asyncio.Event) -> None:
        """Wait for what happens in the course of applying, for as long as that gets on.

        Raises Unavailable when applying ended, or stood still.
        """
        waiting = {asyncio.create_task(event.wait()), asyncio.create_task(self._ended.wait())}
        try:
            while not event.is_set():
                before = self._mark_of_progress()
                await asyncio.wait(waiting, timeout=_STILL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not event.is_set() and self._ended.is_set():
                    raise Unavailable("following stopped meanwhile; try again when it goes on")
                if not event.is_set() and not self._in_action and self._mark_of_progress() == before:
                    raise Unavailable(
                        f"nothing was followed for {_STILL_SECONDS:.0f} s; is a long transaction running on the "
                        "sending side, or something in the way on the receiving side?"
                    )
        finally:
            for task in waiting:
                task.cancel()

    def _mark_of_progress(self) -> tuple[int, int]:
        return self.progress.lsn, self._uncommitted_changes

    async def run(self, source: ReplicationConnection) -> int | None:
        """Apply until the mark given to ``end_at``; its epoch. Raises ApplyConflict, Unavailable, psycopg.Error."""
        async with source.kept_alive():
            try:
                return await self._read(source)
            finally:
                self._ended.set()
                if self._writing is not None:
                    self._writing.cancel()
                    await asyncio.gather(self._writing, return_exceptions=True)

    async def _read(self, source: ReplicationConnection) -> int | None:
        for number in itertools.count():
            if self._hold is not None and not self._in_source_transaction:
                await self._commit(source)
                self._hold.at_rest.set()
                await self._hold.released.wait()
            if self._writing is not None and number % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)  # let the run before this one be written while this one is read
            payload = source.receive()
            if payload is None:
                # Nothing more is here now, so this is the moment to make what came durable.
                if not self._in_source_transaction:
                    await self._commit(source)
                elif self._writing is not None and self._writing.done():
                    await self._settle()
                await source.wait(_IDLE_SECONDS)
            elif isinstance(payload, Position):
                await self._reach(payload.lsn, source)
            elif not self._take_quickly(payload) and await self._handle(decode(payload, HEADER_BYTES), source):
                break
        return self._end_epoch

    def _take_quickly(self, payload: bytes) -> bool:
        """Take one message if nothing has to be awaited for it, as for most that come by the thousand."""
        kind = payload[HEADER_BYTES]
        if kind in (INSERT, UPDATE, DELETE):
            if self._is_full():
                return False
            if not self._skipping:
                change = decode(payload, HEADER_BYTES)
                assert isinstance(change, Insert | Update | Delete)
                self._take(change)
                self._run_bytes += len(payload)
            return True
        if kind == BEGIN and not self._checkpoints:
            self._begin(decode(payload, HEADER_BYTES))
            return True
        if kind == COMMIT and not (
            self._end_seen or self._sends_opening or self._is_full() or self._uncommitted_changes
        ):
            self._note_commit(decode(payload, HEADER_BYTES))
            return True
        return False

    async def _handle(self, message: Message | None, source: ReplicationConnection) -> bool:
        """Take one message, whatever it is; True when it ended the stream."""
        match message:
            case Insert() | Update() | Delete():
                await self._flush(source)
                self._take(message)
            case Begin(final_lsn):
                await self._run_checkpoints(final_lsn, source)
                self._begin(message)
            case Commit():
                return await self._end_transaction(message, source)
            case Truncate():
                if not self._skipping:
                    self._take_truncate(message)
            case Relation():
                await self._learn(message, source)
            case Mark(content):
                self._note_mark(content)
        return False

    def _begin(self, message: Message | None) -> None:
        assert isinstance(message, Begin)
        self._in_source_transaction = True
        self._transaction_lsn = message.final_lsn
        self._skipping = not self._opened or message.final_lsn < self.progress.lsn

    def _is_full(self) -> bool:
        return len(self._run) >= _CHANGES_PER_RUN or self._run_bytes >= _BYTES_PER_RUN

    def _note_mark(self, content: dict[str, Any]) -> None:
        if content.get("mark") == "fenced" and content.get("epoch") == self._end_epoch:
            self._end_seen = True
        elif content.get("mark") == "opened" and self._stream.endswith(f"_{content.get('epoch')}"):
            self._sends_opening = True

    def _note_commit(self, message: Message | None) -> None:
        assert isinstance(message, Commit)
        self._in_source_transaction = False
        self._commit_lsn = max(message.end_lsn, self.progress.lsn)
        self._uncommitted_transactions += 1

    async def _end_transaction(self, message: Commit, source: ReplicationConnection) -> bool:
        self._note_commit(message)
        if self._sends_opening:
            self._opened, self._sends_opening = True, False
        await self._flush(source, commit=True)
        if self._end_seen:
            await self._settle()
            await source.confirm(self.progress.lsn, now=True)
        return self._end_seen

    async def _reach(self, lsn: int, source: ReplicationConnection) -> None:
        if self._in_source_transaction:
            return
        await self._run_checkpoints(lsn, source)
        if self._uncommitted_transactions == 0:
            await self._settle()
            self.progress.lsn = max(self.progress.lsn, lsn)
            await source.confirm(self.progress.lsn)

    async def _run_checkpoints(self, lsn: int, source: ReplicationConnection) -> None:
        due = [checkpoint for checkpoint in self._checkpoints if checkpoint.lsn <= lsn]
        if due:
            await self._commit(source)
            self._checkpoints = [checkpoint for checkpoint in self._checkpoints if checkpoint.lsn > lsn]
            self._in_action = True
            for checkpoint in due:
                await checkpoint.action()
            self._in_action = False

    async def _learn(self, relation: Relation, source: ReplicationConnection) -> None:
        table = self._tables.get((relation.schema, relation.name))
        if table is None:
            raise ApplyConflict(
                f"{relation.schema}.{relation.name} does not exist on the receiving side. Create it there; following "
                "then goes on by itself."
            )
        await self._flush(source)  # what waits was described by the relation as it was before
        await self._settle()
        self._writer.relations[relation.oid] = Statements(relation, table)
        self._points[relation.oid] = self._copied.get((relation.schema, relation.name), _NOT_COPIED)

    def _take(self, change: Insert | Update | Delete) -> None:
        """Put one change into the run."""
        points = self._points[change.relation]
        if self._transaction_lsn >= points.newest:
            self._run.append(change)
        elif self._transaction_lsn >= points.oldest:
            self._run.append(Replay(change))
        # else the copy of this table shows it already

    def _take_truncate(self, change: Truncate) -> None:
        kept = tuple(oid for oid in change.relations if self._transaction_lsn >= self._points[oid].oldest)
        if kept:
            self._run.append(Truncate(kept, change.cascade, change.restart_identity))

    async def _flush(self, source: ReplicationConnection, *, commit: bool = False) -> None:
        """Have the run written, when the one before it is; ``commit``: and everything up to here made durable."""
        await self._settle()
        changes, self._run, self._run_bytes = self._run, [], 0
        self._uncommitted_changes += len(changes)
        end = None
        if commit:
            end = _End(self._commit_lsn, self._opened, self._uncommitted_transactions, self._uncommitted_changes)
            self._uncommitted_transactions = self._uncommitted_changes = 0
        if changes or end is not None:
            self._writing = asyncio.create_task(self._write(changes, end, source), name="write changes")

    async def _settle(self) -> None:
        """Wait until what was handed over is written. Raises what went wrong with it."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def _commit(self, source: ReplicationConnection) -> None:
        """Write everything that was read, and make it durable."""
        if self._uncommitted_transactions:
            await self._flush(source, commit=True)
        await self._settle()

    async def _write(self, changes: list[Change], end: _End | None, source: ReplicationConnection) -> None:
        if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            await self._connection.execute("begin")
        try:
            if changes:
                await self._writer.write(changes)
        except ApplyConflict:
            await self._connection.rollback()
            raise
        if end is not None:
            await self._make_durable(end)
            await source.confirm(end.lsn)

    async def _make_durable(self, end: _End) -> None:
        cursor = await self._connection.execute(
            "update cyphr.streams set applied_lsn = %s::pg_lsn, opened = %s, updated_at = clock_timestamp()"
            " where name = %s and applied_lsn <= %s::pg_lsn",
            [format_lsn(end.lsn), end.opened, self._stream, format_lsn(end.lsn)],
        )
        if cursor.rowcount != 1:
            await self._connection.rollback()
            raise ApplyConflict(f"stream {self._stream} was moved on by somebody else; stop the other migrator")
        await self._connection.execute("commit")
        self.progress.lsn = end.lsn
        self.progress.transactions += end.transactions
        self.progress.changes += end.changes
