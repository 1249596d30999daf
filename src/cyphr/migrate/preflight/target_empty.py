"""Nothing on the target is in the way."""

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok


async def has_begun(target: AsyncConnection) -> bool:
    """Whether a migration into this target has been started before."""
    cursor = await target.execute(queries.has_phases)
    if await cursor.fetchone() != (True,):
        return False
    cursor = await target.execute(queries.has_begun)
    return await cursor.fetchone() == (True,)


async def migration_has_begun(target: PostgresSettings) -> bool:
    """The same, on a connection of its own. Raises Unavailable."""
    async with await connect(target) as connection:
        return await has_begun(connection)


async def _look(context: Context) -> Finding:
    if await has_begun(context.at(Side.AWS)):
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
