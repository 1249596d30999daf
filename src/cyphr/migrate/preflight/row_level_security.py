"""Every table that clients may reach is guarded by row-level security."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning


async def _look(context: Context) -> Finding:
    tables = await context.names(Side.SUPABASE, queries.unprotected_tables)
    if tables:
        return warning(f"anon or authenticated reach these without any policy: {listed(tables)}")
    return ok("every table that clients may reach has row-level security on")


CHECK = Check(
    name="row-level-security",
    worst=Level.WARNING,
    why="With row-level security off, whoever has the project's public key reads and writes the whole table; it moves "
    "as it is.",
    mend="alter table … enable row level security, with policies; or revoke the table from anon and authenticated.",
    look=_look,
)
