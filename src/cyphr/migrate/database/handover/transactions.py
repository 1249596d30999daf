"""Transactions that stand in the way of a fence: found, waited for, or ended when the operator chose that."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import args_row

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.hooks.settings import HandoverSettings

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_LOOK_AGAIN_SECONDS = 0.1
_VACUUM_GIVES_WAY_SECONDS = 3


@dataclass(frozen=True)
class Session:
    """A session in a transaction that has been writing for ``seconds``."""

    pid: int
    name: str
    seconds: float
    backend_start: datetime
    xact_start: datetime

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name or 'unnamed'}) for {self.seconds:.0f} s"


async def clear_long_transactions(connection: AsyncConnection, rules: HandoverSettings) -> list[str]:
    """Deal with transactions that would be cut off, as ``rules.long_transactions`` says; those that were ended.

    Raises HandoverRefused when one stays. A prepared transaction is never decided on here, only waited for.
    """
    deadline = monotonic() + (rules.patience_seconds if rules.long_transactions == "wait" else 0)
    ended: list[str] = []
    while True:
        found = await find_long_transactions(connection, rules.long_transaction_seconds)
        if rules.long_transactions == "end":
            ended += [str(session) for session in found if await _end(connection, session)]
            found = await find_long_transactions(connection, rules.long_transaction_seconds)
        prepared = await _find_prepared(connection)
        if not found and not prepared:
            return ended
        if monotonic() >= deadline:
            raise _refusal(found, prepared)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def find_long_transactions(connection: AsyncConnection, seconds: float) -> list[Session]:
    """Transactions of other sessions that have been writing for longer than ``seconds``."""
    async with connection.cursor(row_factory=args_row(Session)) as cursor:
        await cursor.execute(_queries.long_transactions, {"seconds": seconds})
        return await cursor.fetchall()


async def find_blockers(connection: AsyncConnection) -> list[str]:
    """Who holds a lock on a moved table that would keep the fence from closing, for people."""
    cursor = await connection.execute(_queries.blockers, {"platform": PLATFORM_SCHEMAS})
    return [
        f"process {pid} ({name}) on {table} for {age or 0:.0f} s" for pid, name, age, table in await cursor.fetchall()
    ] + await _find_prepared(connection)


async def send_vacuum_away(connection: AsyncConnection) -> None:
    """Make autovacuum leave the moved tables, without a writer having to wait.

    It gives way to whoever has waited for a second. The fence gives up long before; here the lock that is asked for is
    one that goes with writing, so nobody queues behind it.
    """
    cursor = await connection.execute(_queries.vacuumed_tables, {"platform": PLATFORM_SCHEMAS})
    for schema, name in await cursor.fetchall():
        lock = sql.SQL("lock table only {} in share update exclusive mode").format(sql.Identifier(schema, name))
        try:
            async with connection.transaction():
                await connection.execute(
                    sql.SQL("set local lock_timeout = {}").format(sql.Literal(f"{_VACUUM_GIVES_WAY_SECONDS}s"))
                )
                await connection.execute(lock)
        except psycopg.errors.LockNotAvailable as error:
            raise HandoverRefused(
                f"{schema}.{name} is being vacuumed to prevent wraparound, which nothing may interrupt; "
                "try again when it is done"
            ) from error


async def _find_prepared(connection: AsyncConnection) -> list[str]:
    cursor = await connection.execute(_queries.prepared_transactions)
    return [f"prepared transaction {gid!r} of {owner} for {age:.0f} s" for gid, owner, age in await cursor.fetchall()]


async def _end(connection: AsyncConnection, session: Session) -> bool:
    try:
        cursor = await connection.execute(
            _queries.end_session,
            {"pid": session.pid, "backend_start": session.backend_start, "xact_start": session.xact_start},
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise HandoverRefused(
            f"{session} could not be ended: {error}; end it as its own role, then try again"
        ) from error
    return (await cursor.fetchone()) == (True,)


def _refusal(found: list[Session], prepared: list[str]) -> HandoverRefused:
    if prepared:
        return HandoverRefused(
            f"transactions prepared for two-phase commit hold their locks: {', '.join(prepared)}; "
            "commit or roll back each, then try again",
            long_transactions=[*map(str, found), *prepared],
        )
    return HandoverRefused(
        f"long transactions would be cut off: {', '.join(map(str, found))}; end them, then try again",
        long_transactions=[str(session) for session in found],
    )
