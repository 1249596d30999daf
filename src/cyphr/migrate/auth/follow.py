"""Follow: whoever registers, changes, is banned or leaves does so in the pool as well.

The databases stay where people are written down whichever side auth stands on, so this goes one way only.
"""

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.auth.synchronisation import AuthProgress, Synchronisation
from cyphr.migrate.authority import Authority, with_authority


async def read_side(authority: Authority) -> Side:
    """Where auth stands now. A switchboard that has no row for it yet is given one: where the database stands."""

    async def work(connection: AsyncConnection) -> Side:
        await connection.execute(queries.seed_switchboard)
        row = await (await connection.execute(queries.read_side)).fetchone()
        assert row is not None
        return Side(row[0])

    return await with_authority(authority, work)


async def follow_users(synchronisation: Synchronisation, progress: AuthProgress) -> int:
    """One round; how many people had changed."""
    changes = await synchronisation.run()
    progress.changes_followed += changes
    return changes
