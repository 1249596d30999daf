"""Make the pool's users what the databases say: the work that copy, follow and handover share."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from psycopg import AsyncConnection

from cyphr.foundation.errors import InvalidInput, Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import read_sql
from cyphr.migrate.auth.accounts import Account, Link, queries, read_accounts
from cyphr.migrate.auth.places import AuthPlaces
from cyphr.migrate.auth.pool import PoolUser, UserPool
from cyphr.migrate.authority import with_authority


@dataclass
class AuthProgress:
    """What has been done so far, for people and machines."""

    users_total: int = 0
    users_copied: int = 0
    users_refused: int = 0
    changes_followed: int = 0


class Synchronisation:
    """The pool, the journal and the Supabase database. ``async with`` opens and closes the connections."""

    def __init__(self, places: AuthPlaces) -> None:
        self._places = places
        self._pool = UserPool(places.aws, places.user_pool_id)

    async def __aenter__(self) -> "Synchronisation":
        self._threads = ThreadPoolExecutor(self._places.parallel, thread_name_prefix="auth")
        self.journal: AsyncConnection = await connect(self._places.journal)
        self.supabase: AsyncConnection = await connect(self._places.supabase)
        await self.journal.execute(read_sql(__package__, "journal.sql"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close()
        await self.supabase.close()
        await asyncio.to_thread(self._threads.shutdown)

    async def run(self, progress: AuthProgress | None = None) -> int:
        """Create, change and delete users where the databases say something new; how many.

        A person whom the pool does not take is noted and tried again when they change. Users of the pool that are
        nobody's counterpart are left alone. Raises Unavailable when Cognito cannot be reached.
        """
        accounts, links = await self.read()
        told = {row[0]: row[1] for row in await (await self.journal.execute(queries.read_journal)).fetchall()}
        changed = [one for one in accounts.values() if told.get(one.user_id) != one.fingerprint]
        gone = [link for link in links.values() if link.user_id not in accounts]
        if progress is not None:
            progress.users_total, progress.users_copied = len(accounts), len(accounts) - len(changed)
        size = self._places.parallel * 4
        for start in range(0, len(changed), size):
            batch = changed[start : start + size]
            refused = await self._bring(batch, links)
            if progress is not None:
                progress.users_copied += len(batch) - refused
                progress.users_refused += refused
        for link in gone:
            await self._remove(link)
        return len(changed) + len(gone)

    async def read(self) -> tuple[dict[UUID, Account], dict[UUID, Link]]:
        """Everyone whom the databases know, and the links there are."""
        return await read_accounts(self._places.authority, self.supabase)

    async def pool_users(self) -> list[PoolUser]:
        """Everyone in the pool."""
        users: list[PoolUser] = await self._in_thread(lambda: list(self._pool.users()))
        return users

    async def problems(self) -> dict[UUID, str]:
        """Whom the pool did not take, and why."""
        rows = await (await self.journal.execute(queries.read_journal)).fetchall()
        return {user_id: problem for user_id, _, problem in rows if problem is not None}

    async def forget(self, user_ids: set[UUID]) -> None:
        """Strike people from the journal, so that the next round looks at their counterparts again."""
        for user_id in user_ids:
            await self.journal.execute(queries.forget, {"user_id": user_id})

    async def _bring(self, batch: list[Account], links: dict[UUID, Link]) -> int:
        results = await asyncio.gather(
            *(self._ensure(account, links.get(account.user_id)) for account in batch), return_exceptions=True
        )
        made: dict[UUID, PoolUser] = {}
        problems: dict[UUID, str] = {}
        for account, result in zip(batch, results, strict=True):
            if isinstance(result, PoolUser):
                made[account.user_id] = result
            elif isinstance(result, InvalidInput):
                problems[account.user_id] = result.message
            else:
                raise result

        async def link(connection: AsyncConnection) -> None:
            for user_id, user in made.items():
                await connection.execute(queries.link, {"user_id": user_id, "sub": user.sub, "username": user.username})

        await with_authority(self._places.authority, link)
        for account in batch:  # only now: a run that is killed before this line looks at the user again
            problem = problems.get(account.user_id)
            note = {"user_id": account.user_id, "fingerprint": account.fingerprint, "problem": problem}
            await self.journal.execute(queries.record, note)
        return len(problems)

    async def _ensure(self, account: Account, link: Link | None) -> PoolUser:
        user: PoolUser = await self._in_thread(self._pool.ensure, account, link.username if link else None)
        return user

    async def _remove(self, link: Link) -> None:
        await self._in_thread(self._pool.delete, link.username)

        async def unlink(connection: AsyncConnection) -> None:
            await connection.execute(queries.unlink, {"user_id": link.user_id})

        await with_authority(self._places.authority, unlink)
        await self.forget({link.user_id})

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"Cognito did not do as it was asked: {error}; run this again") from error
