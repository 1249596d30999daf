"""Work in the database that has the authority, wherever that is when the work is done."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import MOVED

T = TypeVar("T")

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
