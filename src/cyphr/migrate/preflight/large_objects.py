"""Large objects are not moved."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok, warning


async def _look(context: Context) -> Finding:
    count = await context.value(Side.SUPABASE, queries.large_objects)
    if count:
        return warning(f"{count:,} large objects would stay behind")
    return ok("there are none")


CHECK = Check(
    name="large-objects",
    worst=Level.WARNING,
    why="Logical replication does not carry large objects (lo_…): they are left behind."
    " Oids in rows then point nowhere.",
    mend="Move them into bytea columns or into Storage first, or accept that they stay behind.",
    look=_look,
)
