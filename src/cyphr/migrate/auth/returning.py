"""Passwords on their way back: the hashes that the messenger keeps of what Cognito has, and Supabase Auth has not got.

They are secrets, as on the way there: they pass from one database to the other inside one call.
"""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.auth.back import queue_rows
from cyphr.migrate.auth.pages import PAGE
from cyphr.migrate.authority import Authority, with_authority


async def carry_passwords(authority: Authority, supabase: AsyncConnection) -> int:
    """Give Supabase Auth every password that it has not got yet; how many. May be repeated.

    One that was changed at Supabase later is left as it is: it is imported from there.
    """
    carried, first = 0, UUID(int=0)
    while pending := await _read_pending(authority, first):
        done = [one for one in pending if await _carry(supabase, one)]
        await _note(authority, done)
        carried += len(done)
        first = UUID(int=pending[-1]["user_id"].int + 1)
    return carried


async def _read_pending(authority: Authority, first: UUID) -> list[dict[str, Any]]:
    async def read(connection: AsyncConnection) -> list[dict[str, Any]]:
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(queries.read_pending, {"first": first, "limit": PAGE})
            return await cursor.fetchall()

    return await with_authority(authority, read)


async def _carry(supabase: AsyncConnection, one: dict[str, Any]) -> bool:
    async with supabase.transaction():
        # The project's triggers would do again what was done here.
        await supabase.execute("set local session_replication_role = replica")
        if await (await supabase.execute(queries.carry_password, one)).fetchone() is None:
            return False
        await queue_rows(supabase, one["user_id"], [])
    return True


async def _note(authority: Authority, done: list[dict[str, Any]]) -> None:
    names = [{"user_id": one["user_id"], "digest": one["digest"]} for one in done]

    async def write(connection: AsyncConnection) -> None:
        async with connection.cursor() as cursor:
            await cursor.executemany(queries.note_carried, names)
            await cursor.executemany(queries.know_password, names)

    if names:
        await with_authority(authority, write)
