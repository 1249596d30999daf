"""Nothing on the target is in the way."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok


async def has_begun(context: Context) -> bool:
    """Whether a migration into this target has been started before."""
    has_phases = await context.value(Side.AWS, queries.has_phases)
    return bool(has_phases and await context.value(Side.AWS, queries.has_begun))


async def _look(context: Context) -> Finding:
    if await has_begun(context):
        return ok("it holds this migration, which has begun")
    there = await context.names(Side.AWS, queries.occupants)
    if there:
        return failure(f"the target has {listed(there)}")
    return ok("the target is empty")


CHECK = Check(
    name="target-empty",
    worst=Level.FAILURE,
    why="The source's schema is restored as it is; what is there already would collide with it, or be mixed with it.",
    mend="Give an empty database, or drop what is in it.",
    look=_look,
)
