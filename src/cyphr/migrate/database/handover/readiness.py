"""Readiness: a handover begins only when it is proven, by trying, that it can be finished and undone."""

import asyncio

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.follow.sender import current_lsn
from cyphr.migrate.database.follow.stream import format_lsn

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_SMALL_LAG_SECONDS = 0.1
_CATCH_UP_SECONDS = 10.0
_LOOK_SECONDS = 0.01


async def prove_way_back(old: AsyncConnection) -> None:
    """Try what following back into ``old`` will need. Changes nothing. Raises HandoverRefused."""
    try:
        async with old.transaction(force_rollback=True):
            await old.execute("set local session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege as error:
        raise HandoverRefused(
            f"the way back is not open: {str(error).strip()}. Grant set on parameter session_replication_role to this "
            "role, then try again."
        ) from error
    cursor = await old.execute(_queries.unwritable_tables)
    if tables := [f"{title} ({reason})" for title, reason in await cursor.fetchall()]:
        raise HandoverRefused(f"the way back is not open: {', '.join(tables[:10])}", tables=tables)


async def demand_small_lag(sender: AsyncConnection, applied_lsn: int, largest: int) -> None:
    """Raise HandoverRefused while more than ``largest`` bytes are on their way: writers would wait for all of them."""
    cursor = await sender.execute(
        "select greatest(pg_current_wal_lsn() - %s::pg_lsn, 0)::bigint", [format_lsn(applied_lsn)]
    )
    row = await cursor.fetchone()
    assert row is not None
    if row[0] > largest:
        raise HandoverRefused(
            f"the receiving side is {row[0]} bytes behind, more than largest_lag_bytes allows ({largest}); "
            "try again when it has caught up",
            lag_bytes=row[0],
        )


async def wait_for_small_lag(sender: AsyncConnection, applier: Applier) -> None:
    """Wait for a moment in which what is written arrives at once: for what is on its way then, writers will wait.

    Where none comes in 10 s, this is the moment; how long writers may wait at most is the budget's matter.
    """
    deadline = monotonic() + _CATCH_UP_SECONDS
    while (begun := monotonic()) < deadline:
        written = await current_lsn(sender)
        while applier.progress.lsn < written and monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
        if monotonic() - begun <= _SMALL_LAG_SECONDS:
            return
