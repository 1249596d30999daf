"""Applies a stream of changes to the receiving database, each source transaction exactly once.

The position in the stream is stored in ``cyphr.streams`` of the receiving database, in the same transaction as the
rows. Whatever kills this process, the server or the network, the next run starts at that position.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.pgoutput import (
    Begin,
    Commit,
    Delete,
    Insert,
    Mark,
    Relation,
    Truncate,
    Update,
    Value,
    decode,
)
from cyphr.migrate.database.follow.statements import Statements
from cyphr.migrate.database.follow.stream import Position, ReplicationConnection, format_lsn, parse_lsn
from cyphr.migrate.database.touched import Touched

_CHANGES_PER_ROUND_TRIP = 1_000
_CHANGES_PER_TRANSACTION = 5_000
_IDLE_SECONDS = 0.5

Change = Insert | Update | Delete | Truncate


@dataclass
class Checkpoint:
    """Work to do when exactly what committed before ``lsn`` is applied."""

    lsn: int
    action: Callable[[], Awaitable[None]]


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
        copied: dict[tuple[str, str], int],
        touched: Touched,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._tables = {(table.schema, table.name): table for table in tables}
        self._copied = copied
        self._relations: dict[int, Statements] = {}
        self._horizon: dict[int, int] = {}
        self._opened = False
        self._buffer: list[Change] = []
        self._uncommitted_changes = 0
        self._uncommitted_transactions = 0
        self._commit_lsn = 0
        self._in_source_transaction = False
        self._skipping = False
        self._transaction_lsn = 0
        self._checkpoints: list[Checkpoint] = []
        self._hold: _Hold | None = None
        self._end_epoch: int | None = None
        self._end_seen = False
        self._sends_opening = False
        self._touched = touched
        self.progress = Progress()

    async def prepare(self) -> int:
        """Read the position to start from; what was applied before it is here already."""
        await self._connection.execute("set session_replication_role = replica")
        await self._connection.execute("set client_encoding = utf8")
        # What is confirmed to the sender is gone there, so it must be durable here.
        await self._connection.execute("set synchronous_commit = on")
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
            await self._hold.at_rest.wait()
            yield
        finally:
            self._hold.released.set()
            self._hold = None

    async def run(self, source: ReplicationConnection) -> int | None:
        """Apply until the mark given to ``end_at``; its epoch. Raises ApplyConflict, Unavailable, psycopg.Error."""
        while True:
            if self._hold is not None and not self._in_source_transaction:
                await self._commit(source)
                self._hold.at_rest.set()
                await self._hold.released.wait()
            message = source.receive()
            if message is None:
                # Nothing more is here now, so this is the moment to make what came durable.
                if not self._in_source_transaction:
                    await self._commit(source)
                await source.wait(_IDLE_SECONDS)
            elif isinstance(message, Position):
                await self._reach(message.lsn, source)
            elif await self._handle(message, source):
                return self._end_epoch

    async def _handle(self, payload: bytes, source: ReplicationConnection) -> bool:
        """Take one message; True when it ended the stream."""
        message = decode(payload)
        match message:
            case Insert() | Update() | Delete() | Truncate():
                if not self._skipping:
                    await self._take(message)
            case Begin(final_lsn):
                if self._checkpoints:
                    await self._run_checkpoints(final_lsn, source)
                self._in_source_transaction = True
                self._transaction_lsn = final_lsn
                self._skipping = not self._opened or final_lsn < self.progress.lsn
            case Commit(end_lsn):
                return await self._end_transaction(end_lsn, source)
            case Relation():
                await self._learn(message)
            case Mark(content):
                self._note_mark(content)
            case None:
                pass
        return False

    def _note_mark(self, content: dict[str, Any]) -> None:
        if content.get("mark") == "fenced" and content.get("epoch") == self._end_epoch:
            self._end_seen = True
        elif content.get("mark") == "opened" and self._stream.endswith(f"_{content.get('epoch')}"):
            self._sends_opening = True

    async def _end_transaction(self, end_lsn: int, source: ReplicationConnection) -> bool:
        self._in_source_transaction = False
        self._commit_lsn = max(end_lsn, self.progress.lsn)
        self._uncommitted_transactions += 1
        if self._sends_opening:
            self._opened = True
        if self._end_seen or self._uncommitted_changes >= _CHANGES_PER_TRANSACTION:
            await self._commit(source)
        if self._end_seen:
            await source.confirm(self.progress.lsn, now=True)
        return self._end_seen

    async def _reach(self, lsn: int, source: ReplicationConnection) -> None:
        if self._in_source_transaction:
            return
        await self._run_checkpoints(lsn, source)
        if self._uncommitted_transactions == 0:
            self.progress.lsn = max(self.progress.lsn, lsn)
            await source.confirm(self.progress.lsn)

    async def _run_checkpoints(self, lsn: int, source: ReplicationConnection) -> None:
        due = [checkpoint for checkpoint in self._checkpoints if checkpoint.lsn <= lsn]
        if due:
            await self._commit(source)
            self._checkpoints = [checkpoint for checkpoint in self._checkpoints if checkpoint.lsn > lsn]
            for checkpoint in due:
                await checkpoint.action()

    async def _learn(self, relation: Relation) -> None:
        table = self._tables.get((relation.schema, relation.name))
        if table is None:
            raise ApplyConflict(
                f"{relation.schema}.{relation.name} does not exist on the receiving side. Create it there, then resume."
            )
        await self._execute_buffer()  # what is buffered was described by the relation as it was before
        self._relations[relation.oid] = Statements(relation, table)
        self._horizon[relation.oid] = self._copied.get((relation.schema, relation.name), 0)

    async def _take(self, change: Change) -> None:
        if isinstance(change, Truncate):
            kept = tuple(oid for oid in change.relations if self._transaction_lsn >= self._horizon[oid])
            if not kept:
                return
            change = Truncate(kept, change.cascade, change.restart_identity)
        elif self._transaction_lsn < self._horizon[change.relation]:
            return  # the copy of this table shows it already
        self._note_touched(change)
        self._buffer.append(change)
        self._uncommitted_changes += 1
        if len(self._buffer) >= _CHANGES_PER_ROUND_TRIP:
            await self._execute_buffer()

    def _note_touched(self, change: Change) -> None:
        if isinstance(change, Truncate):
            for oid in change.relations:
                self._touched.whole(self._relations[oid].table)
            return
        statements = self._relations[change.relation]
        if isinstance(change, Insert):
            self._touched.row(statements.table, statements.key_of(change.new))
        elif isinstance(change, Delete):
            self._touched.row(statements.table, statements.key_of(change.old))
        else:
            # Without an old row the key did not change; with one, the row may have left its key for another.
            if change.old is not None:
                self._touched.row(statements.table, statements.key_of(change.old))
            self._touched.row(statements.table, statements.key_of(change.new))

    async def _execute_buffer(self) -> None:
        if not self._buffer:
            return
        changes, self._buffer = self._buffer, []
        await self._begin_if_needed()
        try:
            async with self._connection.pipeline():
                sent = [(change, await self._send(change)) for change in changes]
            for change, cursor in sent:
                if not isinstance(change, Truncate) and cursor.rowcount != 1:
                    raise self._conflict(change, "no such row is here")
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            await self._connection.rollback()
            raise ApplyConflict(f"a change does not fit the receiving database: {error}") from error

    async def _send(self, change: Change) -> psycopg.AsyncCursor[tuple[object, ...]]:
        cursor = self._connection.cursor()
        if isinstance(change, Truncate):
            names = sql.SQL(", ").join(self._relations[oid].table.identifier for oid in change.relations)
            restart = sql.SQL(" restart identity") if change.restart_identity else sql.SQL("")
            return await cursor.execute(sql.SQL("truncate only {}{}").format(names, restart))
        statement, parameters = self._statement(change)
        return await cursor.execute(statement, parameters, prepare=True)

    def _statement(self, change: Insert | Update | Delete) -> tuple[str, list[Value]]:
        statements = self._relations[change.relation]
        if isinstance(change, Insert):
            return statements.insert(change.new)
        if isinstance(change, Update):
            return statements.update(change.old, change.new)
        return statements.delete(change.old)

    def _conflict(self, change: Insert | Update | Delete, reason: str) -> ApplyConflict:
        statements = self._relations[change.relation]
        row = change.old if isinstance(change, Delete) else change.new
        key = statements.key_of(row)
        verb = type(change).__name__.lower()
        return ApplyConflict(
            f"{statements.table.title}: {verb} of {dict(zip(statements.table.key, key or (), strict=False))} "
            f"does not fit the receiving database: {reason}. Make that row what it was on the sending side; following "
            "goes on by itself.",
            table=statements.table.title,
        )

    async def _begin_if_needed(self) -> None:
        if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            await self._connection.execute("begin")

    async def _commit(self, source: ReplicationConnection) -> None:
        if self._uncommitted_transactions == 0:
            return
        await self._execute_buffer()
        await self._begin_if_needed()
        cursor = await self._connection.execute(
            "update cyphr.streams set applied_lsn = %s::pg_lsn, opened = %s, updated_at = clock_timestamp()"
            " where name = %s and applied_lsn <= %s::pg_lsn",
            [format_lsn(self._commit_lsn), self._opened, self._stream, format_lsn(self._commit_lsn)],
        )
        if cursor.rowcount != 1:
            await self._connection.rollback()
            raise ApplyConflict(f"stream {self._stream} was moved on by somebody else; stop the other migrator")
        await self._connection.execute("commit")
        self.progress.lsn = self._commit_lsn
        self.progress.transactions += self._uncommitted_transactions
        self.progress.changes += self._uncommitted_changes
        self._uncommitted_transactions = self._uncommitted_changes = 0
        await source.confirm(self._commit_lsn)
