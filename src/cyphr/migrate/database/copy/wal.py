"""Keeps the target's WAL writer awake, so that whoever writes rows does not write and flush the WAL itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.wire import SESSION_OPTIONS

_PAUSE_SECONDS = 0.05


@asynccontextmanager
async def flushed_often(target: PostgresSettings) -> AsyncIterator[None]:
    """While the block runs, ``target`` flushes its WAL every 50 ms instead of every 200 (decision 85). Best effort."""
    waking = asyncio.create_task(_wake(target))
    try:
        yield
    finally:
        await end(waking)


async def _wake(target: PostgresSettings) -> None:
    try:
        async with await connect(target, options=f"{SESSION_OPTIONS} -c synchronous_commit=off") as connection:
            while True:
                # What wakes the WAL writer is a commit that does not wait for it, of a transaction that has a number.
                await connection.execute("select pg_current_xact_id()")
                await asyncio.sleep(_PAUSE_SECONDS)
    except (psycopg.Error, Unavailable):  # whoever copies notices as well that the server is gone, and says so
        return
