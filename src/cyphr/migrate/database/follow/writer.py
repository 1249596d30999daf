"""Makes a run of changes in the receiving database: many rows at a time, or one by one when that does not fit.

Folding leaves out how the rows came to be what they are, and now and then that matters: two rows that swap a unique
value cannot be changed by one statement. Then the run is undone and made again in parts: each table's changes for
themselves, then halves of what still does not fit, until it is a few changes, which are made in the order in which they
were made on the sending side. What does not fit even so is a conflict, and its row is named.
"""

from collections.abc import Awaitable, Callable, Sequence

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.follow.net import Change, Net, Replay, fold, overlay, split
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Delete, Insert, Row, Truncate, Update
from cyphr.migrate.database.follow.sender import fetch_row
from cyphr.migrate.database.follow.statements import Key, Parameters, Statements
from cyphr.migrate.database.follow.text import array_literal, copy_line
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.wire import PreparedStatements, copy_in, run_command

# Rows are found by their keys. Statistics of a table that was just filled are no help, so the way is laid down.
_SESSION = """
set session_replication_role = replica; set client_encoding = utf8; set xmloption = content;
set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set jit = off;
set plan_cache_mode = force_generic_plan
"""

_FEW = 32  # changes, for which finding out more takes longer than making them one by one

Fetch = Callable[[Statements, Key], Awaitable[Row | None]]
"""Reads a row from the sending side as it is now; None when it is gone."""


class _Misfit(Exception):
    """A statement touched fewer or more rows than it had to."""


class Writer:
    """Writes to one connection of the receiving database, inside the transaction that the caller has begun."""

    def __init__(self, connection: AsyncConnection, fetch: Fetch, touched: Touched) -> None:
        self._connection = connection
        self._touched = touched
        self._prepared = PreparedStatements(connection.pgconn)
        self._fetch = fetch
        self.relations: dict[int, Statements] = {}
        """What changes refer to, by the relation's OID on the sending side."""

    async def prepare(self) -> None:
        """Make the session fit for it."""
        await self._connection.execute(_SESSION)
        # What is confirmed to the sender is gone there, so it must be durable here.
        await self._connection.execute("set synchronous_commit = on")

    async def write(self, changes: Sequence[Change]) -> None:
        """Make ``changes``. Raises ApplyConflict with the row that does not fit; psycopg.OperationalError."""
        pieces = [changes]
        while pieces:
            piece = pieces.pop(0)
            await self._run(b"savepoint cyphr_run")
            try:
                await self._write_folded(piece)
            except psycopg.OperationalError:
                raise
            except (psycopg.Error, _Misfit):
                await self._run(b"rollback to savepoint cyphr_run")
                if len(piece) <= _FEW:
                    await self._write_in_order(piece)
                else:
                    pieces[:0] = split(piece)
            await self._run(b"release savepoint cyphr_run")

    async def _run(self, command: bytes) -> None:
        # Not by psycopg, which after a rollback has every prepared statement forgotten, ours too.
        await run_command(self._connection.pgconn, command)

    async def _write_folded(self, changes: Sequence[Change]) -> None:
        for step in fold(changes, self.relations):
            if isinstance(step, Net):
                await self._write_net(step)
            else:
                await self._write_one(step)

    async def _write_net(self, net: Net) -> None:
        statements = net.statements
        if statements.has_key:
            self._touched.rows(statements.table, net.keys())
        else:
            self._touched.whole(statements.table)
        if keys := net.deletes():
            await self._write_many(statements.delete_many(), keys)
        for positions, found in net.updates().items():
            given = (*positions, *statements.fixed)
            rows = [(*key, *(row[position] for position in given)) for key, row in found]
            if not positions and statements.fixed:
                raise _Misfit  # whether anything changes must be looked up row by row
            if positions:
                await self._write_many(statements.update_many(positions), rows)
        if new := net.inserts():
            lines = b"".join([copy_line(row) for row in new])
            await copy_in(self._connection.pgconn, statements.copy_many(), lines)

    async def _write_many(self, statement: bytes, rows: Sequence[Row]) -> None:
        arrays = [array_literal(values) for values in zip(*rows, strict=True)]
        touched = await self._prepared.run(statement, arrays)
        if touched != len(rows):
            raise _Misfit

    async def _write_in_order(self, changes: Sequence[Change]) -> None:
        for change in changes:
            try:
                await self._write_one(change)
            except psycopg.OperationalError:
                raise
            except psycopg.Error as error:
                raise self._conflict(change, _words(error)) from None
            except _Misfit as error:
                raise self._conflict(change, "no such row is here") from error

    async def _write_one(self, change: Change) -> None:
        self._note_touched(change.change if isinstance(change, Replay) else change)
        match change:
            case Truncate():
                await self._truncate(change)
            case Replay(inner):
                await self._replay(self.relations[inner.relation], inner)
            case Insert(relation, new):
                await self._demand_one(self.relations[relation].insert(new))
            case Update(relation, old, new):
                await self._update(self.relations[relation], old, new)
            case Delete(relation, old):
                await self._demand_one(self.relations[relation].delete(old))

    def _note_touched(self, change: Insert | Update | Delete | Truncate) -> None:
        if isinstance(change, Truncate):
            for oid in change.relations:
                self._touched.whole(self.relations[oid].table)
            return
        statements = self.relations[change.relation]
        # With an old row, the row may have left its key for another.
        rows = [change.old] if isinstance(change, Delete) else [change.new]
        if isinstance(change, Update) and change.old is not None:
            rows.append(change.old)
        for row in rows:
            self._touched.row(statements.table, statements.key_of(row))

    async def _truncate(self, change: Truncate) -> None:
        # Sequences are never restarted: a handover has set them ahead, which a truncate that comes later must not undo.
        names = sql.SQL(", ").join(self.relations[oid].table.identifier for oid in change.relations)
        await self._connection.execute(sql.SQL("truncate only {}").format(names))

    async def _demand_one(self, statement: tuple[str, Parameters]) -> None:
        if await self._execute(statement) != 1:
            raise _Misfit

    async def _update(self, statements: Statements, old: Row | None, new: Row) -> None:
        """Change one row; make it anew when an identity column changed, which no update can set."""
        if await self._execute(statements.update(old, new)) == 1:
            return
        key = statements.key_of(new if old is None else old)
        here = old if key is None else await fetch_row(self._connection, statements, key)
        if here is None:
            raise _Misfit
        await self._demand_one(statements.delete(here))
        await self._demand_one(statements.insert(overlay(here, new)))

    async def _execute(self, statement: tuple[str, Parameters]) -> int:
        text, parameters = statement
        cursor = await self._connection.execute(text.encode(), parameters, prepare=True)
        return cursor.rowcount

    async def _replay(self, statements: Statements, change: Insert | Update | Delete) -> None:
        """Bring one row forward to ``change``, whatever state of it was copied. Later changes do the rest."""
        if isinstance(change, Delete):
            await self._execute(statements.delete(change.old))
            return
        old = change.old if isinstance(change, Update) else None
        if UNCHANGED in change.new:
            await self._replay_partly(statements, old, change.new)
            return
        if old is not None:
            await self._execute(statements.delete(old))
        await self._execute(statements.delete(change.new))
        await self._execute(statements.insert(change.new))

    async def _replay_partly(self, statements: Statements, old: Row | None, new: Row) -> None:
        """The same when the change does not hold the whole row."""
        moved = old is not None and statements.key_of(old) != statements.key_of(new)
        if await self._execute(statements.update(None, new)):
            if moved and old is not None:
                await self._execute(statements.delete(old))
            return
        if moved and await self._execute(statements.update(old, new)):
            return
        key = statements.key_of(new)
        assert key is not None, "only tables with a key are copied in parts"
        # A row that is gone by now will be deleted by a change that is still to come.
        if (row := await self._fetch(statements, key)) is not None:
            await self._execute(statements.insert(row))

    def _conflict(self, change: Change, reason: str) -> ApplyConflict:
        if isinstance(change, Replay):
            change = change.change
        if isinstance(change, Truncate):
            names = ", ".join(self.relations[oid].table.title for oid in change.relations)
            return ApplyConflict(f"truncate of {names} does not fit the receiving database: {reason}")
        statements = self.relations[change.relation]
        key = statements.key_of(change.old if isinstance(change, Delete) else change.new) or ()
        named = ", ".join(
            f"{name} = {value.decode(errors='replace') if isinstance(value, bytes) else value}"
            for name, value in zip(statements.table.key, key, strict=False)
        )
        return ApplyConflict(
            f"{statements.table.title}: {type(change).__name__.lower()} of the row {named or 'without a key'} does not "
            f"fit the receiving database: {reason}. Make that row what it was on the sending side; following goes on "
            "by itself.",
            table=statements.table.title,
        )


def _words(error: psycopg.Error) -> str:
    """What the database said, without what may be a whole row: some hold hashes, and this is kept and shown."""
    primary, detail = error.diag.message_primary or type(error).__name__, error.diag.message_detail
    shows_row = isinstance(error, psycopg.errors.NotNullViolation | psycopg.errors.CheckViolation)
    return primary if detail is None or shows_row else f"{primary}: {detail}"
