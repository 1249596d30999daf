"""Who was written to since everyone was looked at: by the transaction that wrote each row.

PostgreSQL keeps its number with the row (``xmin``). So nobody needs to set a time, and no table needs a trigger. Each
table is read once inside the database; only ids leave it.
"""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.authority import side_in


@dataclass(frozen=True)
class Mark:
    """A moment of one database: what transactions from ``mark`` on wrote may not have been seen. ``of``: its count."""

    mark: str
    of: str


@dataclass(frozen=True)
class Marks:
    """When both databases were read last: the one with the authority, and Supabase's."""

    here: Mark
    there: Mark


@dataclass(frozen=True)
class Standing:
    """Where auth stands, and a mark of the database with the authority.

    ``owed``: Supabase may lack what was changed on AWS just before a handback; ``passwords``: it lacks passwords.
    ``changed``: who was written to since the mark that was asked with; None: that cannot be told.
    """

    side: Side
    owed: bool
    passwords: bool
    mark: Mark
    changed: set[UUID] | None


async def read_standing(connection: AsyncConnection, since: Mark | None = None) -> Standing:
    """As the database with the authority has it."""
    side, mark = await side_in(connection, "auth"), await read_mark(connection)
    row = await (await connection.execute(queries.read_standing)).fetchone()
    assert row is not None
    changed = None
    if since is not None and since.of == mark.of:
        changed = await _changed(connection, queries.changed_here, since)
    return Standing(side, row[0], row[1], mark, changed)


async def read_mark(connection: AsyncConnection) -> Mark:
    row = await (await connection.execute(queries.read_mark)).fetchone()
    assert row is not None
    return Mark(*row)


async def changed_at_supabase(supabase: AsyncConnection, since: Mark) -> set[UUID]:
    """Whom Supabase Auth wrote to."""
    return await _changed(supabase, queries.changed_at_supabase, since)


async def _changed(connection: AsyncConnection, query: LiteralString, since: Mark) -> set[UUID]:
    cursor = await connection.execute(query, {"mark": since.mark})
    return {user_id for (user_id,) in await cursor.fetchall()}
