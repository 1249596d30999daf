"""Work in the database that has the authority, wherever that is when the work is done."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import MOVED, Side
from cyphr.foundation.queries import load_queries

T = TypeVar("T")

_queries = load_queries("cyphr.migrate.sql", "switchboard.sql")

Authority = Callable[[], Awaitable[AsyncConnection]]
"""Opens an owner's connection to the database that has the authority now; it may have moved since the last call."""

_MOVES = 5  # how often the database may move under one operation before something must be wrong


async def with_authority(authority: Authority, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Run ``work`` in one transaction of the database that has the authority.

    When that database is fenced meanwhile (CY001), nothing of it was committed and it is run again on the other side,
    so ``work`` must be repeatable. Raises HandoverRefused when the database does not come to rest.
    """
    for _ in range(_MOVES):
        try:
            async with await authority() as connection, connection.transaction():
                return await work(connection)
        except psycopg.Error as error:
            if error.sqlstate != MOVED:
                raise
    raise HandoverRefused("the database kept moving to the other side meanwhile; run this again when it has settled")


async def read_side(authority: Authority, service: str) -> Side:
    """Where ``service`` stands. A switchboard that has no row for it yet is given one: where the database stands."""

    return await with_authority(authority, partial(side_in, service=service))


async def side_in(connection: AsyncConnection, service: str) -> Side:
    """The same, in the open transaction of a connection to the database that has the authority."""
    await connection.execute(_queries.seed_service, {"service": service})
    row = await (await connection.execute(_queries.read_side, {"service": service})).fetchone()
    assert row is not None
    return Side(row[0])


async def read_epoch(authority: Authority, service: str) -> int:
    """How often ``service`` has moved, as the switchboard counts."""

    async def work(connection: AsyncConnection) -> int:
        row = await (await connection.execute(_queries.read_epoch, {"service": service})).fetchone()
        assert row is not None
        return int(row[0])

    return await with_authority(authority, work)
