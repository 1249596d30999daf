"""The way back: what happened on AWS while auth stood there holds at Supabase, too.

Whoever registered on AWS with a password becomes known there. Suspended is banned there, deleted is deleted; accounts
at other providers and authenticators go and come as they did here. Supabase has no place for PINs, passkeys and
recovery codes. Names and addresses are in the database, which its own migration carries.
"""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from cyphr.foundation.sealing import Sealer
from cyphr.migrate.auth.accounts import Account, Factor, queries
from cyphr.migrate.auth.changes import Change
from cyphr.migrate.authority import Authority, with_authority


@dataclass(frozen=True)
class WayBack:
    """Where changes come from, where they go, and the journal that says what is the migration's own doing."""

    authority: Authority
    supabase: AsyncConnection
    journal: AsyncConnection
    sealer: Sealer | None

    async def carry_newcomers(self, people: list[Account]) -> list[Account]:
        """Make these people known to Supabase Auth; whom it does not take, because somebody there has their address."""
        refused = []
        for account in people:
            try:
                async with self.supabase.transaction():
                    known = await self._add_user(account)
            except psycopg.IntegrityError:
                known = False
            if not known:
                refused.append(account)
        return refused

    async def carry(self, changes: list[Change]) -> None:
        """Do at Supabase what was done here. May be repeated."""
        secrets = await self._secrets(changes)
        for change in changes:
            if change.ban:  # written down first, so that a ban of ours is never taken for one of Supabase's
                await self._record(queries.record_ban, change, banned=True)
            async with self.supabase.transaction():
                added = await self._change_factors(change, secrets)
                # The project's triggers would do again what was done here.
                await self.supabase.execute("set local session_replication_role = replica")
                touched = await self._change_identities(change)
                await self._change_user(change)
                await queue_rows(self.supabase, change.user_id, touched)
            if change.ban is False:
                await self._record(queries.record_ban, change, banned=False)
            if change.added or change.removed:
                factors = Jsonb([[str(one.id), one.digest] for one in (*change.kept, *added)])
                await self._record(queries.record_factors, change, factors=factors)

    async def _add_user(self, account: Account) -> bool:
        person = {"user_id": account.user_id, "email": account.email, "name": account.name}
        # The project's triggers would make rows of a newcomer that this person has already.
        await self.supabase.execute("set local session_replication_role = replica")
        if await (await self.supabase.execute(queries.carry_user, person)).fetchone() is None:
            return False
        identity = await (await self.supabase.execute(queries.carry_identity, person)).fetchone()
        await queue_rows(self.supabase, account.user_id, [identity[0]] if identity is not None else [])
        return True

    async def _change_user(self, change: Change) -> None:
        person = {"user_id": change.user_id}
        if change.delete:
            await self.supabase.execute(queries.remove_factors_there, person)
            await self.supabase.execute(queries.delete_user, person)
        elif change.ban is not None:
            await self.supabase.execute(queries.ban_user if change.ban else queries.lift_ban, person)

    async def _change_identities(self, change: Change) -> list[UUID]:
        """Take away and add; which rows were touched."""
        person, touched = change.user_id, []
        for query, identities in ((queries.remove_identity, change.unlinked), (queries.add_identity, change.linked)):
            for one in identities:
                named = {"user_id": person, "provider": one.provider, "subject": one.subject}
                touched += [row[0] for row in await (await self.supabase.execute(query, named)).fetchall()]
        if change.delete:
            cursor = await self.supabase.execute(queries.remove_identities, {"user_id": person})
            touched += [row[0] for row in await cursor.fetchall()]
        elif touched:
            await self.supabase.execute(queries.note_providers, {"user_id": person})
        return touched

    async def _change_factors(self, change: Change, secrets: dict[UUID, dict[str, Any]]) -> list[Factor]:
        """Take away and add; what was added."""
        for factor_id in change.removed:
            await self.supabase.execute(queries.remove_factor_there, {"id": factor_id, "user_id": change.user_id})
        added = []
        for factor_id in change.added:
            if (secret := secrets.get(factor_id)) is not None:
                row = await (await self.supabase.execute(queries.add_factor_there, secret)).fetchone()
                added += [Factor(factor_id, row[0])] if row is not None else []
        return added

    async def _secrets(self, changes: list[Change]) -> dict[UUID, dict[str, Any]]:
        """The authenticators to add, opened."""
        ids, sealer = [one for change in changes for one in change.added], self.sealer
        if not ids or sealer is None:
            return {}

        async def read(connection: AsyncConnection) -> list[Any]:
            return await (await connection.execute(queries.read_own_factors, {"ids": ids})).fetchall()

        return {
            factor_id: {
                "id": factor_id,
                "user_id": user_id,
                "name": name,
                "secret": sealer.open(secret, factor_id.bytes).decode(),
                "created_at": created_at,
            }
            for factor_id, user_id, name, secret, created_at in await with_authority(self.authority, read)
        }

    async def _record(self, query: LiteralString, change: Change, **values: object) -> None:
        await self.journal.execute(query, {"user_id": change.user_id, **values})


async def queue_rows(supabase: AsyncConnection, user_id: UUID, identities: list[UUID]) -> None:
    """Have these rows brought to AWS, where others may refer to them: with triggers off, nothing else asks for it."""
    if await (await supabase.execute(queries.has_platform_queue)).fetchone() != (True,):
        return
    await supabase.execute(queries.queue_row, {"table": "users", "id": user_id})
    for identity in identities:
        await supabase.execute(queries.queue_row, {"table": "identities", "id": identity})
    await supabase.execute(queries.tell_queue)
