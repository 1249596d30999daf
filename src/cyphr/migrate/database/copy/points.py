"""Which points of the stream the copied rows show."""

from dataclasses import dataclass

from psycopg import AsyncConnection

from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.follow.stream import parse_lsn

queries = load_queries("cyphr.migrate.database.copy")


_END_OF_TIME = parse_lsn("FFFFFFFF/FFFFFFFF")


@dataclass(frozen=True)
class CopyPoints:
    """The points of the stream that a table's rows show: one and the same, unless the table is mixed."""

    oldest: int
    newest: int

    @property
    def is_planned(self) -> bool:
        """Whether the table is to be copied first."""
        return self.oldest == _END_OF_TIME


async def read_copied(target: AsyncConnection) -> dict[tuple[str, str], CopyPoints]:
    """The tables that are copied already: (schema, name) → the points of the stream that their rows show."""
    cursor = await target.execute(queries.copied_tables)
    return {
        (schema, name): CopyPoints(parse_lsn(oldest), parse_lsn(newest))
        for schema, name, oldest, newest in await cursor.fetchall()
    }


async def copied_totals(target: AsyncConnection) -> tuple[int, int]:
    """Rows and bytes that have arrived: of whole tables, of parts, and of what is being copied now."""
    row = await (await target.execute(queries.totals)).fetchone()
    assert row is not None
    return row[0], row[1]
