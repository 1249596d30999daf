"""Event triggers are not moved; whether the project has any of its own."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning


async def _look(context: Context) -> Finding:
    found = await context.fetch(Side.SUPABASE, queries.event_triggers)
    own = [name for name, is_platform in found if not is_platform]
    if own:
        return warning(f"the project's own: {listed(own)}")
    return ok(f"none of the project's own; {len(found)} of the platform's are left behind")


CHECK = Check(
    name="event-triggers",
    worst=Level.WARNING,
    why="Event triggers are left behind: on RDS they need rds_superuser, and Supabase's own mean nothing there.",
    mend="Create them on the target by hand after the copy, or accept that they are gone.",
    look=_look,
)
