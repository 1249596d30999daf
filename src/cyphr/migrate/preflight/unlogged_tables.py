"""Rows of unlogged tables are not moved."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning


async def _look(context: Context) -> Finding:
    tables = await context.names(Side.SUPABASE, queries.unlogged_tables)
    if tables:
        return warning(f"rows that would stay behind: {listed(tables)}")
    return ok("there are none")


CHECK = Check(
    name="unlogged-tables",
    worst=Level.WARNING,
    why="An unlogged table writes no WAL, so its changes cannot be followed: it arrives empty.",
    mend="alter table … set logged, or accept that it arrives empty.",
    look=_look,
)
