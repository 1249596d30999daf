"""Foreign servers are not moved; whether tables depend on one."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok, warning


async def _look(context: Context) -> Finding:
    servers = await context.fetch(Side.SUPABASE, queries.foreign_servers)
    tables = [table for _, used_by in servers for table in used_by]
    if tables:
        return failure(f"foreign tables: {listed(tables)}")
    if servers:
        return warning(f"foreign servers, used by no table that is moved: {listed([name for name, _ in servers])}")
    return ok("there are none")


CHECK = Check(
    name="foreign-servers",
    worst=Level.FAILURE,
    why="A foreign table's rows are elsewhere, and its server and passwords are not moved: it cannot be created there.",
    mend="Drop the foreign tables on the source, or move them into a schema of their own that is left behind.",
    look=_look,
)
