"""What the project has put onto Supabase's own tables is not moved with them."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning


async def _look(context: Context) -> Finding:
    found = await context.names(Side.SUPABASE, queries.platform_objects)
    if found:
        return warning(f"the project's own: {listed(found)}")
    return ok("no trigger and no policy of the project's is on them")


CHECK = Check(
    name="platform-objects",
    worst=Level.WARNING,
    why="Triggers on auth.users (the usual way to make a profile for a new person) and policies on storage.objects are "
    "left behind with the tables that they are on: what they did no longer happens.",
    mend="Let the application do it, or create them on the target by hand; then accept that they are not moved.",
    look=_look,
)
