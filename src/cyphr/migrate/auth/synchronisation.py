"""Make the pool's users what the databases say: the work that copy, follow and handover share."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from psycopg import AsyncConnection, AsyncCursor
from psycopg.types.json import Jsonb

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import InvalidInput, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import read_sql
from cyphr.migrate.auth.accounts import Account, Factor, Identity, Link, queries
from cyphr.migrate.auth.back import WayBack
from cyphr.migrate.auth.changes import METHOD, find_changes, find_own_bans
from cyphr.migrate.auth.factors import import_factors
from cyphr.migrate.auth.marks import Marks, Standing, changed_at_supabase, read_mark, read_standing
from cyphr.migrate.auth.pages import Held, Page, Told, read_pages
from cyphr.migrate.auth.passwords import import_passwords
from cyphr.migrate.auth.places import AuthPlaces
from cyphr.migrate.auth.pool import PoolUser, UserPool
from cyphr.migrate.auth.returning import carry_passwords
from cyphr.migrate.authority import with_authority

_NOTHING = Told("", None, due=True)


@dataclass
class AuthProgress:
    """What has been done so far, for people and machines."""

    users_total: int = 0
    users_copied: int = 0
    users_refused: int = 0
    changes_followed: int = 0
    throttled: int = 0
    eta_seconds: float | None = None


class Synchronisation:
    """The pool, the journal and the Supabase database. ``async with`` opens and closes the connections."""

    def __init__(self, places: AuthPlaces) -> None:
        self.places = places
        self.pool = UserPool(places.aws, places.user_pool_id, places.quota_factor)
        self._marks: Marks | None = None

    async def __aenter__(self) -> "Synchronisation":
        async with AsyncExitStack() as opened:
            self.journal: AsyncConnection = await opened.enter_async_context(await connect(self.places.journal))
            self.supabase: AsyncConnection = await opened.enter_async_context(await connect(self.places.supabase))
            async with self.journal.transaction():
                await self.journal.execute(queries.lock_journal)  # two that make it at once fail
                await self.journal.execute(read_sql(__package__, "journal.sql"))
            self.back = WayBack(self.places.authority, self.supabase, self.journal, self.places.sealer)
            self._threads = ThreadPoolExecutor(self.places.parallel, thread_name_prefix="auth")
            opened.push_async_callback(asyncio.to_thread, self._threads.shutdown)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def run(self, progress: AuthProgress | None = None) -> int:
        """Create, change and delete users where the databases say something new; how many. Looks at everyone.

        A person whom the pool does not take is noted, and tried again when they change or after a minute. Users of the
        pool that are nobody's counterpart are left alone. Raises Unavailable when Cognito cannot be reached.
        """
        standing = await with_authority(self.places.authority, read_standing)
        marks = Marks(standing.mark, await read_mark(self.supabase))
        if progress is not None:
            await self._count(progress)
        changes = await self._bring_over(self.pages(), standing, progress)
        if standing.owed and standing.side is Side.SUPABASE:
            await with_authority(self.places.authority, _settle)
        self._marks = marks  # only now: who could not be brought over is looked at again
        return changes

    async def run_changed(self, standing: Standing) -> int:
        """The same, looking only at who was written to since the last round that looked at everyone; how many.

        ``standing``: just read. Who was deleted, and whose ban has run out, is left to a round that looks at everyone;
        when there was none yet, this is one.
        """
        if self._marks is None or standing.changed is None:
            return await self.run()
        there = await changed_at_supabase(self.supabase, self._marks.there)
        return await self._bring_over(self.pages(standing.changed | there), standing)

    async def standing(self) -> Standing:
        """Where auth stands, and whom the database with the authority wrote to since everyone was looked at."""
        since = self._marks.here if self._marks is not None else None
        return await with_authority(self.places.authority, partial(read_standing, since=since))

    async def _bring_over(
        self, pages: AsyncIterator[Page], standing: Standing, progress: AuthProgress | None = None
    ) -> int:
        changes, to_supabase = 0, standing.owed or standing.side is Side.AWS
        begun, size = monotonic(), self.places.parallel * 8
        async for page in pages:
            changed = [one for one in page.accounts.values() if self._is_news(one, page)]
            for start in range(0, len(changed), size):
                batch = changed[start : start + size]
                refused = await self._bring(batch, page)
                changes += len(batch)
                if progress is not None:
                    self._note(progress, len(batch), refused, (monotonic() - begun) / changes)
            changes += await self._carry_back(page) if to_supabase else await self._lift_own_bans(page)
            for user_id in page.told.keys() - page.accounts.keys() - page.links.keys():
                await self.journal.execute(queries.forget, {"user_id": user_id})
            for link in [link for user_id, link in page.links.items() if user_id not in page.accounts]:
                await self._remove(link)
                changes += 1
        if standing.passwords or changes:  # newcomers bring theirs
            changes += await carry_passwords(self.places.authority, self.supabase)
        return changes

    def pages(self, only: Collection[UUID] | None = None) -> AsyncIterator[Page]:
        """Everyone whom the databases know, and what is there of them. ``only``: nobody but these."""
        return read_pages(self.places.authority, self.supabase, self.journal, only)

    async def open_way_back(self) -> None:
        """From now on the messenger keeps a hash of each password that Cognito has, until the way back is closed."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(queries.open_way_back)

        await with_authority(self.places.authority, work)

    async def look_again(self, user_ids: Iterable[UUID]) -> None:
        """Have the next round compare these people's counterparts, whatever the pool was told before."""
        await self.journal.execute(queries.look_again, {"user_ids": list(user_ids)})

    async def in_thread(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Ask the pool something. Raises Unavailable when it did not answer, or not as it should."""
        try:
            work = partial(function, *arguments, **named)
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"Cognito did not do as it was asked: {error}; run this again") from error

    async def _carry_back(self, page: Page) -> int:
        refused = await self.back.carry_newcomers(page.unknown_there) if page.unknown_there else []
        await self.back.carry(changes := find_changes(page, can_open=self.places.sealer is not None))
        return len(page.unknown_there) - len(refused) + len(changes)

    async def _lift_own_bans(self, page: Page) -> int:
        await self.back.carry(changes := find_own_bans(page))
        return len(changes)

    async def _count(self, progress: AuthProgress) -> None:
        total = changed = 0
        async for page in self.pages():
            total += len(page.accounts)
            changed += sum(self._is_news(one, page) for one in page.accounts.values())
        progress.users_total, progress.users_copied = total, total - changed

    def _note(self, progress: AuthProgress, done: int, refused: int, seconds_each: float) -> None:
        progress.users_copied += done - refused
        progress.users_refused += refused
        progress.throttled = self.pool.throttled
        left = max(0, progress.users_total - progress.users_copied - progress.users_refused)
        progress.eta_seconds = left * seconds_each if left else None

    async def _bring(self, batch: list[Account], page: Page) -> int:
        results = await asyncio.gather(*(self._ensure(account, page) for account in batch), return_exceptions=True)
        made: dict[UUID, PoolUser] = {}
        problems: dict[UUID, str] = {}
        for account, result in zip(batch, results, strict=True):
            if isinstance(result, PoolUser):
                made[account.user_id] = result
            elif isinstance(result, InvalidInput):
                problems[account.user_id] = result.message
            else:
                raise result
        secrets = await import_passwords(self.supabase, [one for one in batch if one.user_id in made])
        before = {one.user_id: page.told.get(one.user_id, _NOTHING) for one in batch}
        methods = [(one.user_id, one.identities, before[one.user_id].identities) for one in batch]
        brought = [(one, before[one.user_id].factors) for one in batch if one.user_id in made]
        factors = await import_factors(self.supabase, self.places.sealer, brought)

        async def link(connection: AsyncConnection) -> None:
            async with connection.cursor() as cursor:
                links = [
                    {"user_id": user_id, "sub": user.sub, "username": user.username} for user_id, user in made.items()
                ]
                await cursor.executemany(queries.link, links)
                await secrets.write(cursor)
                await _write_methods(cursor, methods)
                await factors.write(cursor)

        await with_authority(self.places.authority, link)
        await self._record(batch, problems, page)  # only now: a run that is killed before looks at these users again
        return len(problems)

    async def _record(self, batch: list[Account], problems: dict[UUID, str], page: Page) -> None:
        notes = [
            {
                "user_id": account.user_id,
                "fingerprint": account.fingerprint,
                "problem": problems.get(account.user_id),
                "identities": Jsonb([[one.provider, one.subject] for one in account.identities]),
                "factors": Jsonb([[str(one.id), one.digest] for one in self._brought(account, problems)]),
                "known": account.user_id in page.own,
            }
            for account in batch
        ]
        async with self.journal.cursor() as cursor:
            await cursor.executemany(queries.record, notes)

    def _brought(self, account: Account, problems: dict[UUID, str]) -> tuple[Factor, ...]:
        return account.factors if self.places.sealer is not None and account.user_id not in problems else ()

    def _is_news(self, account: Account, page: Page) -> bool:
        """Whether the pool, or our own tables, have to be told of this person."""
        told = page.told.get(account.user_id)
        if told is None or told.fingerprint != account.fingerprint:
            return True
        if account.user_id in page.own and not told.known:
            return True
        if told.problem is not None:
            return told.due
        return self.places.sealer is not None and told.factors != account.factors

    async def _ensure(self, account: Account, page: Page) -> PoolUser:
        link, told = page.links.get(account.user_id), page.told.get(account.user_id)
        user: PoolUser = await self.in_thread(
            self.pool.ensure,
            account,
            link.username if link else None,
            told.identities if told else (),
            lock_out=_is_outdated(account, page.passwords.get(account.user_id)),
        )
        return user

    async def _remove(self, link: Link) -> None:
        await self.in_thread(self.pool.delete, link.username)

        async def unlink(connection: AsyncConnection) -> None:
            await connection.execute(queries.unlink, {"user_id": link.user_id})
            await connection.execute(queries.forget_person, {"user_id": link.user_id})

        await with_authority(self.places.authority, unlink)
        await self.journal.execute(queries.forget, {"user_id": link.user_id})


async def _write_methods(
    cursor: AsyncCursor, methods: list[tuple[UUID, tuple[Identity, ...], tuple[Identity, ...]]]
) -> None:
    """Say through which accounts elsewhere people sign in: of each person those they have, and those they had."""

    def named(user_id: UUID, identities: Iterable[Identity]) -> list[dict[str, Any]]:
        return [
            {"user_id": user_id, "method": one.provider.lower(), "subject": one.subject}
            for one in identities
            if METHOD.fullmatch(one.provider.lower())
        ]

    lost = [row for user_id, now, before in methods for row in named(user_id, set(before) - set(now))]
    there = [row for user_id, now, _ in methods for row in named(user_id, now)]
    await cursor.executemany(queries.remove_method, lost)
    await cursor.executemany(queries.add_method, there)


async def _settle(connection: AsyncConnection) -> None:
    await connection.execute(queries.settle)


def _is_outdated(account: Account, held: Held | None) -> bool:
    """Whether Supabase's password was changed there after Cognito got the one that it has."""
    if account.password is not None and held is not None and account.password == held.returned:
        return False  # Supabase has it from us
    if held is None or not held.forgotten or held.digest is None or account.password is None:
        return False
    return held.digest != account.password
