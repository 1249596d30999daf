"""The way back: whoever registered on AWS with a password can sign in at Supabase, too, when auth is handed back.

Cognito gives no password away, so theirs is none there: they ask Supabase for a new one by mail, or go on with their
PIN, for which Supabase Auth is not needed. What others changed on AWS is in the database, which its own migration
carries.
"""

import psycopg
from psycopg import AsyncConnection

from cyphr.migrate.auth.accounts import Account, queries


async def carry_back(supabase: AsyncConnection, people: list[Account]) -> list[Account]:
    """Make these people known to Supabase Auth; whom it does not take, because somebody there has their address."""
    refused = []
    for account in people:
        try:
            async with supabase.transaction():
                known = await _carry(supabase, account)
        except psycopg.IntegrityError:
            known = False
        if not known:
            refused.append(account)
    return refused


async def _carry(supabase: AsyncConnection, account: Account) -> bool:
    person = {"user_id": account.user_id, "email": account.email, "name": account.name}
    # The project's triggers would make rows of a newcomer that this person has already.
    await supabase.execute("set local session_replication_role = replica")
    if await (await supabase.execute(queries.carry_user, person)).fetchone() is None:
        return False
    identity = await (await supabase.execute(queries.carry_identity, person)).fetchone()
    # Nor does the trigger fire that has the rows brought to AWS, where others may refer to them.
    if await (await supabase.execute(queries.has_platform_queue)).fetchone() == (True,):
        await supabase.execute(queries.queue_row, {"table": "users", "id": account.user_id})
        if identity is not None:
            await supabase.execute(queries.queue_row, {"table": "identities", "id": identity[0]})
        await supabase.execute(queries.tell_queue)
    return True
