"""Locks on tables that writers use: asked for briefly, given up, asked for again, so that nobody queues for long."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import HandoverRefused
from cyphr.migrate.database.handover.transactions import find_blockers, send_vacuum_away
from cyphr.migrate.hooks.settings import LOCK_WAIT_MILLISECONDS

T = TypeVar("T")

HOLD_OFF_WRITERS: LiteralString = "share row exclusive"
HOLD_OFF_CHANGES: LiteralString = "row exclusive"
"""Whoever would alter the table or its triggers waits, writers do not."""

# The mark must reach the stream at once, also where commits are asynchronous by default.
_IMPATIENT: LiteralString = """
set local lock_timeout = {wait}; set local statement_timeout = {all_waits}; set local synchronous_commit = on"""
_ATTEMPTS = 100
_ATTEMPTS_BESIDE_VACUUM = 10  # autovacuum, which may come at any time, gives way only to whoever waits longer
_PAUSE_SECONDS = 0.03
_WAITS = 3  # of several tables, each waited for
_TABLES_PER_MILLISECOND = 10
# What comes after the locks waits for nobody; this ends it when the server itself is stuck.
_WORK: LiteralString = "set local statement_timeout = '5s'"


async def locked(
    connection: AsyncConnection,
    tables: list[sql.Identifier],
    work: Callable[[], Awaitable[T]],
    wait_milliseconds: int = LOCK_WAIT_MILLISECONDS,
    mode: LiteralString = HOLD_OFF_WRITERS,
) -> T:
    """Run ``work`` in a transaction that holds off writers of ``tables``, or others. It may run several times.

    Gives up its place in a lock's queue after ``wait_milliseconds`` and tries again: nobody behind it waits for longer.
    Autovacuum is sent away, should it have come meanwhile. Raises HandoverRefused when it never succeeds, with whoever
    is in the way, and when a table is not there any more.
    """
    begin = ask_for(tables, wait_milliseconds, mode)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await connection.execute(begin)
                return await work()
        except psycopg.errors.UndefinedTable as error:
            raise HandoverRefused(f"a table was dropped meanwhile: {str(error).strip()}; try again") from error
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected):
            # Writers queue behind a waiting lock: let them through before the next attempt.
            await asyncio.sleep(_PAUSE_SECONDS)
            if attempt % _ATTEMPTS_BESIDE_VACUUM == 0:
                await send_vacuum_away(connection)
    blockers = await find_blockers(connection)
    raise HandoverRefused(
        f"the tables could not be locked in {_ATTEMPTS} attempts of {wait_milliseconds} ms; in the way: "
        f"{', '.join(blockers) or 'nobody who is still there'}",
        blockers=blockers,
    )


def ask_for(
    tables: list[sql.Identifier],
    wait_milliseconds: int,
    mode: LiteralString = HOLD_OFF_WRITERS,
    work: Sequence[sql.Composable] = (),
) -> sql.Composed:
    """Locks in the open transaction, and ``work`` after them, all in one message: for each more that is sent while
    writers are held off, they wait.
    """
    all_waits = _WAITS * wait_milliseconds + len(tables) // _TABLES_PER_MILLISECOND
    names = sql.SQL(", ").join(sql.SQL("only {}").format(table) for table in tables)
    lock = [sql.SQL("lock table {} in {} mode").format(names, sql.SQL(mode))] if tables else []
    steps = [
        sql.SQL(_IMPATIENT).format(wait=sql.Literal(wait_milliseconds), all_waits=sql.Literal(all_waits)),
        *lock,
        sql.SQL(_WORK),
        *work,
    ]
    return sql.SQL("; ").join(steps)
