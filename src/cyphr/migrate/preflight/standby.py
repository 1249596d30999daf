"""Neither database is a standby: a standby cannot be fenced, nor be written to."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok


async def _look(context: Context) -> Finding:
    standbys = [side for side in Side if await context.value(side, queries.is_standby)]
    if standbys:
        hosts = ", ".join(f"{context.database(side).host}:{context.database(side).port}" for side in standbys)
        return failure(f"{hosts} is a standby (in recovery, read-only)")
    return ok("both are primaries")


CHECK = Check(
    name="standby",
    worst=Level.FAILURE,
    why="A read replica can neither be fenced nor be written to.",
    mend="Name the primary's address; a replica's has usually 'replica' or 'ro' in its name.",
    look=_look,
)
