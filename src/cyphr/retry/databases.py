"""The retry: a whole unit of work, run on whichever side may be written."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Generic, LiteralString, Protocol, TypeVar

C = TypeVar("C")
T = TypeVar("T")

MOVED = "CY001"
"""SQLSTATE of the fence: this database may not be written, its authority is on the other side."""

_STANDING: LiteralString = "select side from cyphr.switchboard where service = 'database'"
_PRESENT: LiteralString = "select to_regclass('cyphr.switchboard')::text"
_NO_SWITCHBOARD = ("42P01", "3F000")  # undefined table, invalid schema name

_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05


class NoSideOpen(Exception):
    """No side accepted the unit of work within the time that was given. Nothing of it was committed."""


class Side(Protocol[C]):
    """One side's database, as ``cyphr.retry.drivers`` makes them."""

    def transaction(self) -> AbstractAsyncContextManager[C]:
        """A connection in a transaction, which the end of the block commits and an error rolls back."""

    async def value(self, connection: C, query: LiteralString) -> str | None:
        """The only value that ``query`` answers with; None when there is no row."""


class _Elsewhere(Exception):
    """This database's switchboard does not name it."""


class Databases(Generic[C]):
    """Both sides, and which of them is believed to be open. Share one among all tasks of a process."""

    def __init__(self, sides: Mapping[str, Side[C]], *, patience_seconds: float = 60.0) -> None:
        """``sides``: ``supabase`` and ``aws``, as the switchboard calls them; the one to try first comes first."""
        if not sides or not set(sides) <= {"supabase", "aws"}:
            raise ValueError(f"the sides are called 'supabase' and 'aws', not {sorted(sides)}")
        self._sides = dict(sides)
        self._side = next(iter(sides))
        self._patience_seconds = patience_seconds
        self._bare: set[str] = set()  # sides that had no switchboard when they were asked last

    @property
    def side(self) -> str:
        """The side that the next unit of work is tried on first."""
        return self._side

    async def run(self, work: Callable[[C], Awaitable[T]]) -> T:
        """Run ``work(connection)`` in one transaction, on the side that may be written; what it returns.

        It is run again, from its beginning, whenever the database moved meanwhile, so it must do nothing outside of its
        transaction and keep nothing from one run to the next. A connection that cannot be had is tried on the other
        side; one that breaks under the work is not, for nobody knows whether it had committed: that error is raised as
        it is. Raises NoSideOpen when no side opens in time.
        """
        deadline = time.monotonic() + self._patience_seconds
        pause = 0.0
        while True:
            side, begun = self._side, False
            try:
                async with self._sides[side].transaction() as connection:
                    await self._demand_open(side, connection)
                    begun = True
                    return await work(connection)
            except Exception as error:
                if begun and sqlstate(error) != MOVED:
                    raise
                if not begun and sqlstate(error) in _NO_SWITCHBOARD and side not in self._bare:
                    self._bare.add(side)  # asking broke the transaction; next time it is asked more carefully
                    continue
                self._turn_from(side)
                if time.monotonic() > deadline:
                    raise NoSideOpen(
                        f"no side of the database accepted writes for {self._patience_seconds:g} s"
                    ) from error
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads load, keeps no secret
            pause = min(max(pause * 1.5, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)

    async def _demand_open(self, side: str, connection: C) -> None:
        """Raise unless this database says that it may be written, so that nothing is read from a side that is not."""
        database = self._sides[side]
        standing = None
        if side not in self._bare or await database.value(connection, _PRESENT) is not None:
            standing = await database.value(connection, _STANDING)
            self._bare.discard(side)
        # Before a migration begins, and after it was given up, Supabase has no switchboard, and is all there is.
        if (standing or "supabase") != side:
            raise _Elsewhere

    def _turn_from(self, side: str) -> None:
        # Another unit of work may have turned already; turning twice would bring us back to the fenced side.
        if self._side == side:
            self._side = next((other for other in self._sides if other != side), side)


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE that ``error`` carries, of whichever driver; None when it carries none."""
    found = getattr(error, "sqlstate", None)
    if isinstance(found, str):
        return found
    original = getattr(error, "orig", None)  # SQLAlchemy keeps the driver's error there
    return sqlstate(original) if isinstance(original, BaseException) else None
