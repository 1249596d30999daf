"""The schema is as the last check, or the last start, saw it."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning
from cyphr.migrate.preflight.fingerprint import changes, read_objects
from cyphr.migrate.preflight.records import read_checked_schema
from cyphr.migrate.preflight.target_empty import has_begun


async def _look(context: Context) -> Finding:
    before, since = read_checked_schema(context.settings.records_folder), "the last check"
    if await has_begun(context.at(Side.AWS)):
        noted = await context.fetch(Side.AWS, queries.noted_schema)
        before, since = (noted[0][0], "the start") if noted else (before, since)
    if before is None:
        return ok("this is the first look at it")
    found = changes(before, await read_objects(context.at(Side.SUPABASE)))
    if found:
        return warning(f"since {since}: {listed(found)}")
    return ok(f"nothing changed since {since}")


CHECK = Check(
    name="ddl-since",
    worst=Level.WARNING,
    why="DDL is not followed: a schema that changes under a migration makes the two sides differ.",
    mend="Stop migrations of the schema until the database has been handed over; before the start, look at what "
    "changed, rehearse again, and accept it.",
    look=_look,
)
