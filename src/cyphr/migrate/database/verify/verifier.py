"""When both databases are compared, how much of them, and whether they were found equal."""

from collections.abc import Awaitable, Callable, Mapping

from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.point import same_point
from cyphr.migrate.database.verify.tables import (
    TableVerification,
    calibrate,
    prepare_to_verify,
    verify_tables,
    verify_touched,
)
from cyphr.migrate.service import Verification

Following = Callable[[], Awaitable[tuple[Applier, Stream]]]


class Verifier:
    """Compares the two databases. ``following`` gives the applier at work, and its stream."""

    def __init__(self, databases: Mapping[Side, PostgresSettings], following: Following) -> None:
        self._databases = databases
        self._following = following
        self.touched = Touched()
        """What the applier changed since the last comparison began."""
        self.equal = False
        """Whether the last whole comparison, and everything compared since, found no difference."""

    def forget(self) -> None:
        """What was touched is not known any more: only a whole comparison can tell."""
        self.equal = False

    async def verify(self, tables: list[Table]) -> Verification:
        """Compare every row of both databases at one point of the stream, while it flows."""
        started = monotonic()
        applier, stream = await self._following()
        async with same_point(self._databases, applier, stream, self.touched) as point:
            await calibrate(point.source, point.target)
            found = await verify_tables(point.source, point.target, tables)
        result = _summary(found, monotonic() - started)
        self.equal = not result.differences
        return result

    async def verify_touched(self, tables: list[Table]) -> None:
        """Compare what changed since the last comparison, while the stream flows. Raises VerificationFailed."""
        applier, stream = await self._following()
        async with same_point(self._databases, applier, stream, self.touched) as point:
            found = await verify_touched(point.source, point.target, tables, point.touched)
        self._demand_equal(found)

    async def verify_at_rest(self, old: AsyncConnection, new: AsyncConnection, tables: list[Table]) -> None:
        """Compare what changed since, when nothing is written to either side any more. Raises VerificationFailed."""
        await prepare_to_verify(old)
        await prepare_to_verify(new)
        self._demand_equal(await verify_touched(old, new, tables, self.touched.take()))

    def _demand_equal(self, found: list[TableVerification]) -> None:
        differences = [line for table in found for line in table.differences]
        if differences:
            self.equal = False
            raise VerificationFailed(
                f"the two databases differ: {'; '.join(differences[:5])}. Correct these rows, then run verify.",
                differences=differences,
            )


def _summary(found: list[TableVerification], seconds: float) -> Verification:
    return Verification(
        checked=sum(table.rows for table in found),
        differences=[line for table in found for line in table.differences],
        seconds=seconds,
    )
