"""When both databases are compared, how much of them, and whether they were found equal."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.calibration import tables_to_compare_as_text
from cyphr.migrate.database.verify.keys import verify_touched
from cyphr.migrate.database.verify.point import Point, reach, same_point
from cyphr.migrate.database.verify.repair import demand_repairable, repair_rows
from cyphr.migrate.database.verify.rows import TableVerification
from cyphr.migrate.database.verify.tables import verify_tables
from cyphr.migrate.database.verify.view import View, prepare_to_verify, read_shapes
from cyphr.migrate.service import Verification

T = TypeVar("T")

_logger = logging.getLogger(__name__)

_REPAIR_SECONDS = 60.0
_ROUNDS = 5
_ATTEMPTS = 20
"""So often a table is compared that somebody empties, or writes anew, whenever it is looked at."""
_TOLD = 10
_FEW_KEYS = 1_000
_BYTES_AT_REST = 8 * 1024 * 1024

Following = Callable[[], Awaitable[tuple[Applier, Stream]]]


class Verifier:
    """Compares the two databases, with ``workers`` connections to each.

    ``following`` gives the applier at work, and its stream; ``touched`` is what that applier has changed since the last
    comparison began.
    """

    def __init__(
        self, databases: Mapping[Side, PostgresSettings], following: Following, touched: Touched, workers: int
    ) -> None:
        self._databases = databases
        self._following = following
        self._workers = workers
        self._last: Point | None = None
        self._touched = touched
        self.equal = False
        """Whether the last whole comparison, and everything compared since, found no difference."""

    def forget(self) -> None:
        """What was touched is not known any more: only a whole comparison can tell."""
        self.equal = False

    async def verify(self, tables: list[Table]) -> Verification:
        """Compare every row of both databases at one point of the stream, while it flows."""
        started = monotonic()
        found = await self._at_one_point(lambda point: verify_tables(point.source, point.target, tables))
        for _ in range(_ATTEMPTS - 1):
            if not (rewritten := [each.table for each in found if each.is_rewritten]):
                break
            again = await self._at_one_point(lambda point: self._verify_again(point, rewritten))
            found = [again.get(each.table, each) for each in found]
        result = _summary(found, monotonic() - started)
        self.equal = not result.differences
        return result

    async def repair(self, tables: list[Table], limit: int) -> Verification:
        """Make differing rows of the receiving side what they are on the sending side, then compare every row again.

        Raises VerificationFailed, with nothing changed, when more than ``limit`` rows differ.
        """
        # A changed row is two differences: as it is here, and as it is there.
        found = await self._at_one_point(
            lambda point: verify_tables(point.source, point.target, tables, limit=2 * limit + 1)
        )
        demand_repairable(found, limit)
        self.equal = False
        repaired = await self._exchange(found) if any(each.found for each in found) else []
        again = await self.verify(tables)
        if repaired:
            told = ", ".join(repaired[:_TOLD]) + (", …" if len(repaired) > _TOLD else "")
            again.notes.append(f"{len(repaired)} rows were repaired: {told}")
        return replace(again, repaired=repaired)

    async def _exchange(self, found: list[TableVerification]) -> list[str]:
        applier, stream = await self._following()
        sender, receiver = self._databases[stream.sender], self._databases[stream.destination]
        repaired: list[str] = []
        async with await connect(sender) as source, await connect(receiver) as target:
            await prepare_to_verify(source)
            await prepare_to_verify(target)
            ours, theirs = await read_shapes(source), await read_shapes(target)
            as_text = await tables_to_compare_as_text(source, target, ours)

            async def act() -> None:
                async with asyncio.timeout(_REPAIR_SECONDS):  # the applier rests meanwhile
                    repaired.extend(
                        await repair_rows(View([source], ours, as_text), View([target], theirs, as_text), target, found)
                    )

            try:
                await reach(sender, source, applier, stream, act)
            except TimeoutError as error:
                raise VerificationFailed(
                    f"nothing was repaired: exchanging the rows took longer than {_REPAIR_SECONDS:.0f} s"
                ) from error
        return repaired

    async def verify_touched(self, tables: list[Table]) -> None:
        """Compare what changed since the last comparison, while the stream flows. Raises VerificationFailed.

        Again and again until little changes meanwhile, because that is what is left to compare when writing rests.
        """
        for attempt in range(_ATTEMPTS):
            found = await self._at_one_point(lambda point: _verify_touched(point, tables))
            self._demand_equal(found)
            rewritten = [each.table for each in found if each.is_rewritten]
            for table in rewritten:
                self._touched.whole(table)
            if not rewritten and (self._touched.count <= _FEW_KEYS or attempt + 1 >= _ROUNDS):
                return
        raise VerificationFailed(f"{'; '.join(map(_rewritten_line, rewritten))}. Then ask for the handover again.")

    async def verify_at_rest(self, old: AsyncConnection, new: AsyncConnection, tables: list[Table]) -> list[str]:
        """Compare what changed since, when nothing is written to either side any more. Raises VerificationFailed.

        Both connections are prepared to verify. A large table of which only the whole can be compared is left out:
        writers wait now, and it was compared a moment ago. Returns which these are.
        """
        assert self._last is not None, "what changed since the last comparison is compared, so there was one"
        self.equal = False  # what was touched is known to nobody if this is not finished
        touched = self._touched.take()
        source = View([old], self._last.source.shapes, self._last.source.as_text, is_at_rest=True)
        target = View([new], self._last.target.shapes, self._last.target.as_text, is_at_rest=True)
        slow = [table for table in tables if touched.is_whole(table) and table.bytes > _BYTES_AT_REST]
        quick = [table for table in tables if table not in slow]
        self._demand_equal(await verify_touched(source, target, quick, touched))
        self.equal = True
        return [table.title for table in slow]

    async def _verify_again(self, point: Point, tables: list[Table]) -> dict[Table, TableVerification]:
        again = {each.table: each for each in await verify_tables(point.source, point.target, tables)}
        self._touched.add(point.touched)
        return again

    async def _at_one_point(self, compare: Callable[[Point], Awaitable[T]]) -> T:
        """What ``compare`` finds at a point of the stream; at another one when it meets a lock that may wait for it."""
        while True:
            applier, stream = await self._following()
            try:
                async with same_point(self._databases, applier, stream, self._touched, self._workers) as point:
                    self._last = point
                    return await compare(point)
            except psycopg.errors.LockNotAvailable:
                _logger.info("a comparison gave way to who wants a table for themselves, and begins anew")

    def _demand_equal(self, found: list[TableVerification]) -> None:
        differences = [line for table in found for line in table.lines]
        if differences:
            self.equal = False
            raise VerificationFailed(
                f"the two databases differ: {'; '.join(differences[:5])}. Correct these rows, then run verify.",
                differences=differences,
            )


async def _verify_touched(point: Point, tables: list[Table]) -> list[TableVerification]:
    return await verify_touched(point.source, point.target, tables, point.touched)


def _summary(found: list[TableVerification], seconds: float) -> Verification:
    lines = [line for table in found for line in table.lines]
    return Verification(
        checked=sum(table.rows for table in found),
        differences=lines + [_rewritten_line(each.table) for each in found if each.is_rewritten],
        seconds=seconds,
    )


def _rewritten_line(table: Table) -> str:
    return (
        f"{table.title}: could not be compared in {_ATTEMPTS} attempts, because each time somebody emptied it or "
        "wrote it anew (TRUNCATE, ALTER TABLE); see that this rests for a moment"
    )
