"""Which side each service stands on, and the retry that keeps callers from noticing when one moves.

The switchboard is the table ``cyphr.switchboard`` in each database. The database that may be written says so itself,
in the same transaction as the fence, so there is no third store that could disagree.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Database, Moved, NotCommitted, Side, Transaction

T = TypeVar("T")

_PATIENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05
_RETRYABLE = ("40001", "40P01", "55P03")  # serialization failure, deadlock, lock not available


class Switchboard:
    """The databases that a process knows, and the side that it believes has the authority."""

    def __init__(self, databases: Mapping[Side, Database]) -> None:
        self._databases = databases
        self._side = next(iter(databases))

    async def open(self) -> None:
        for database in self._databases.values():
            await database.open()

    async def close(self) -> None:
        for database in self._databases.values():
            await database.close()

    async def unit_of_work(
        self, user_id: UUID | None, work: Callable[[Transaction], Awaitable[T]], *, repeatable: bool = False
    ) -> T:
        """Run ``work`` in one transaction as ``user_id``, on whichever side has the authority.

        When that side moves while the work runs (SQLSTATE CY001, or its switchboard says so) or the connection breaks,
        nothing of it was committed, so the whole of it is run again, on the side that is open. ``work`` must therefore
        have no effect outside its transaction. ``repeatable``: it is run again as well when the connection broke at
        the commit and nobody knows what became of it, for a second time does no harm and tells the same.

        Raises Unavailable after a minute without an open side; when the outcome is unknown, unless ``repeatable``.
        """

        async def attempt(database: Database) -> T:
            async with database.transaction_as(user_id) as transaction:
                return await work(transaction)

        return await self._on_open_side(attempt, repeatable=repeatable)

    async def call(self, query: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement that is a unit of work by itself, on whichever side has the authority; see
        ``Database.call``.

        It is run again when the connection broke and nobody knows what became of it: a second time must do no harm.
        Raises Unavailable after a minute without an open side.
        """

        async def attempt(database: Database) -> list[tuple[Any, ...]]:
            return await database.call(query, **parameters)

        return await self._on_open_side(attempt, repeatable=True)

    async def _on_open_side(self, attempt: Callable[[Database], Awaitable[T]], *, repeatable: bool) -> T:
        deadline = monotonic() + _PATIENCE_SECONDS
        pause = 0.0
        while True:
            side = self._side
            try:
                return await attempt(self._databases[side])
            except Moved:
                self._turn_from(side)
            except NotCommitted:  # the pool replaces each connection as it is found dead
                pass
            except psycopg.OperationalError as error:
                if not repeatable and error.sqlstate not in _RETRYABLE:
                    raise Unavailable("the database closed the connection; the outcome may be unknown") from error
            if monotonic() > deadline:
                raise Unavailable("no side of the database accepts writes; is a handover stuck?")
            await asyncio.sleep(pause)
            pause = min(max(pause * 1.5, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)

    def _turn_from(self, side: Side) -> None:
        # Another unit of work may have turned already; turning twice would bring us back to the fenced side.
        if self._side is side:
            if side.other not in self._databases:
                raise Unavailable(f"the database has moved to {side.other}, which this process was not given")
            self._side = side.other
