"""Large tables can be followed row by row."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning

_MANY_ROWS = 10_000


async def _look(context: Context) -> Finding:
    tables = await context.fetch(Side.SUPABASE, queries.without_primary_key)
    large = [f"{name} ({rows:,} rows)" for name, rows in tables if rows > _MANY_ROWS]
    if large:
        return warning(f"no primary key: {listed(large)}")
    return ok(f"{len(tables)} tables have none, none of them large")


CHECK = Check(
    name="primary-keys",
    worst=Level.WARNING,
    why="Without a key every UPDATE and DELETE that is followed reads the whole table, and a row that is there twice "
    "cannot be told from its twin.",
    mend="Add a primary key, or accept that following is slow there.",
    look=_look,
)
