"""Closing: whoever never signed in with their password of Supabase must set a new one; then no hash is kept.

Cognito mails them a code. Whom it cannot reach, an operator has to help.
"""

from uuid import UUID

from psycopg import AsyncConnection

from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.auth.pages import PAGE
from cyphr.migrate.auth.synchronisation import Synchronisation
from cyphr.migrate.authority import with_authority

_ASKED = "was mailed a code to set a new password with"


async def close_users(synchronisation: Synchronisation) -> list[str]:
    """Ask everyone whose password was not used since for a new one, and forget every hash; who was asked.

    May be repeated after a crash: the hash of whoever was asked is forgotten at once, and what was said is kept.
    """
    first = UUID(int=0)
    while people := await _unused(synchronisation, first):
        for user_id, username in people:
            await _end(synchronisation, user_id, await _ask(synchronisation, username))
        first = UUID(int=people[-1][0].int + 1)
    await forget_passwords(synchronisation)
    rows = await (await synchronisation.journal.execute(queries.read_endings)).fetchall()
    return [f"user {user_id}: {words}" for user_id, words in rows]


async def forget_passwords(synchronisation: Synchronisation) -> None:
    """Delete every hash that was imported or kept, and every note of one. No other is kept from now on."""

    async def shut(connection: AsyncConnection) -> None:
        await connection.execute(queries.close_way_back)

    async def forget(connection: AsyncConnection) -> None:
        await connection.execute(queries.forget_passwords)
        await connection.execute(queries.forget_returning)
        await connection.execute(queries.forget_sign_up_passwords)

    await with_authority(synchronisation.places.authority, shut)
    await with_authority(synchronisation.places.authority, forget)


async def _unused(synchronisation: Synchronisation, first: UUID) -> list[tuple[UUID, str | None]]:
    async def look(connection: AsyncConnection) -> list[tuple[UUID, str | None]]:
        cursor = await connection.execute(queries.unused_passwords, {"first": first, "limit": PAGE})
        return await cursor.fetchall()

    return await with_authority(synchronisation.places.authority, look)


async def _ask(synchronisation: Synchronisation, username: str | None) -> str:
    user = await synchronisation.in_thread(synchronisation.pool.find, username) if username is not None else None
    if user is None:
        return "has no counterpart in Cognito, and must register anew"
    try:
        asked = await synchronisation.in_thread(synchronisation.pool.demand_new_password, user)
    except InvalidInput as error:
        return f"must be given a new password by you: {error.message}"
    return _ASKED if asked else "must be given a new password by you: Cognito cannot reach them"


async def _end(synchronisation: Synchronisation, user_id: UUID, words: str) -> None:
    await synchronisation.journal.execute(queries.record_ending, {"user_id": user_id, "ending": words})

    async def withdraw(connection: AsyncConnection) -> None:
        await connection.execute(queries.withdraw_password, {"user_id": user_id})

    await with_authority(synchronisation.places.authority, withdraw)
