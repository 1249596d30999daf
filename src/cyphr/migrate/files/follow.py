"""Follow: keep the other side up with the one that has the authority."""

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side
from cyphr.migrate.authority import Authority, with_authority
from cyphr.migrate.files.synchronisation import Synchronisation, queries


async def read_side(authority: Authority) -> Side:
    """Where files stand now. A switchboard that has no row for them yet is given one: where the database stands."""

    async def work(connection: AsyncConnection) -> Side:
        await connection.execute(queries.seed_switchboard)
        row = await (await connection.execute(queries.read_side)).fetchone()
        assert row is not None
        return Side(row[0])

    return await with_authority(authority, work)


async def follow_objects(synchronisation: Synchronisation, source: Side) -> int:
    """One round: new, changed and deleted objects; how many there were."""
    return await synchronisation.run(source)
