"""The two settings name two databases, one of which is the writer, and the application uses one at a time."""

from secrets import randbits

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok

_ADVICE = (
    "Let the application make one database client, in one place; or, if it chooses by the switchboard on purpose, "
    "set application.follows_switchboard = true."
)


async def _look(context: Context) -> Finding:
    if await _is_same_database(context):
        return failure("source and target are one and the same database", "Name two different databases.")
    writers = [side for side in Side if await _says_it_is_the_writer(context, side)]
    if len(writers) == 2:
        return failure(
            "both databases' switchboards say that they may be written",
            "One of them belongs to another migration, or to a copy: drop its schema cyphr, or name another database.",
        )
    if context.settings.application.dry_run is None or context.settings.application.follows_switchboard:
        return ok("two databases, one writer")
    connected = (await context.dry_run()).connected_to
    if len(connected) == 2:
        return failure("the application, while it starts, connects to both databases", _ADVICE)
    where = f" (the application connects to {next(iter(connected))})" if connected else ""
    return ok(f"two databases, one writer{where}")


async def _is_same_database(context: Context) -> bool:
    """A lock of the source that the target cannot take: names and addresses may lie, a lock does not."""
    key = randbits(62)
    await context.fetch(Side.SUPABASE, queries.lock_key, key=key)
    try:
        taken = await context.value(Side.AWS, queries.try_key, key=key)
        if taken:
            await context.fetch(Side.AWS, queries.unlock_key, key=key)
        return not taken
    finally:
        await context.fetch(Side.SUPABASE, queries.unlock_key, key=key)


async def _says_it_is_the_writer(context: Context, side: Side) -> bool:
    if not await context.value(side, queries.has_switchboard):
        return False
    return bool(await context.value(side, queries.database_side) == side)


CHECK = Check(
    name="one-database",
    worst=Level.FAILURE,
    why="Two database clients in one program, or two databases that both believe to be the writer, fight each other: "
    "what one of them acknowledges is lost to the other.",
    mend=_ADVICE,
    look=_look,
)
