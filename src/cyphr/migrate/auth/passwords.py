"""Password hashes on their way from Supabase Auth to where sign-in reads them once.

They are secrets: they pass from one database to the other inside one call, and are in no log, no error and no answer.
"""

from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, AsyncCursor

from cyphr.migrate.auth.accounts import Account, queries


@dataclass(frozen=True)
class Passwords:
    """What is to be written for a batch of people."""

    imported: list[dict[str, Any]] = field(repr=False)
    withdrawn: list[dict[str, Any]] = field(repr=False)

    async def write(self, cursor: AsyncCursor) -> None:
        """Write it, in the transaction of ``cursor``. May be repeated."""
        await cursor.executemany(queries.withdraw_password, self.withdrawn)
        await cursor.executemany(queries.free_address, self.imported)
        await cursor.executemany(queries.import_password, self.imported)
        await cursor.executemany(queries.drop_outdated, self.imported)


async def import_passwords(supabase: AsyncConnection, batch: list[Account]) -> Passwords:
    """Read the hashes that these people may sign in with; whose may not, have theirs withdrawn.

    One that changed since the batch was read is left to the next round, which reads it again.
    """
    wanted = {one.user_id: one for one in batch if one.password is not None}
    imported = []
    if wanted:
        rows = await (await supabase.execute(queries.read_secrets, {"user_ids": list(wanted)})).fetchall()
        for user_id, bcrypt, digest, changed_at in rows:
            if (account := wanted[user_id]).password == digest:
                imported.append(
                    {
                        "user_id": user_id,
                        "email": account.email,
                        "bcrypt": bcrypt,
                        "digest": digest,
                        "changed_at": changed_at,
                    }
                )
    return Passwords(imported, [{"user_id": one.user_id} for one in batch if one.password is None])
