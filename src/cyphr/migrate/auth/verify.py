"""Verify: every person against their counterpart, both ways.

Attributes, enabled or not, whether they can sign in, the link, accounts at other providers, and whether there is a
password hash to sign in with. What differs is named, never what is secret in it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.accounts import Account, queries
from cyphr.migrate.auth.changes import find_changes
from cyphr.migrate.auth.pages import Page
from cyphr.migrate.auth.pool import PoolUser
from cyphr.migrate.auth.synchronisation import Synchronisation
from cyphr.migrate.authority import read_side
from cyphr.migrate.service import Verification

_ROUNDS = 3
_SIGN_IN_POSSIBLE = ("CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER")
_ATTRIBUTES = ("custom:user_id", "email", "email_verified", "name", "phone_number", "phone_number_verified")


@dataclass
class _Found:
    """What one comparison found."""

    checked: int = 0
    differences: dict[UUID, str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    nameless: list[UUID] = field(default_factory=list)

    def verification(self) -> Verification:
        said = [f"user {user_id}: {difference}" for user_id, difference in sorted(self.differences.items())]
        said += [f"Cognito user {name}: nobody's counterpart" for name in self.strangers]
        without = ", ".join(map(str, self.nameless))
        notes = [f"without e-mail, named by their id: {without}"] if without else []
        return Verification(self.checked, said, [*notes, *self.remarks])


async def verify_users(synchronisation: Synchronisation) -> Verification:
    """Compare everyone, while people come and go: what differs is brought over again and compared once more."""
    found = await _compare(synchronisation)
    for _ in range(_ROUNDS - 1):
        if not found.differences and not found.strangers:
            break
        await synchronisation.look_again(found.differences)
        await synchronisation.run()
        found = await _compare(synchronisation)
    return found.verification()


async def _compare(synchronisation: Synchronisation) -> _Found:
    found = _Found()
    on_aws = await read_side(synchronisation.places.authority, "auth") is Side.AWS
    await _list_pool(synchronisation)
    async for page in synchronisation.pages():
        pool = await _counterparts(synchronisation, page)
        back = find_changes(page, can_open=synchronisation.places.sealer is not None) if on_aws else []
        missing = {change.user_id: change.words for change in back}
        for account in page.accounts.values():
            found.checked += 1
            difference = _difference(synchronisation, account, page, pool.get(account.user_id))
            difference = difference or missing.get(account.user_id) or _password_owed(account, page)
            if difference is not None:
                found.differences[account.user_id] = difference
            if account.email is None:
                found.nameless.append(account.user_id)
            found.remarks += [f"user {account.user_id}: {remark}" for remark in _remarks(synchronisation, account)]
        if on_aws:
            found.remarks += _left_behind(synchronisation, page)
            found.remarks += [
                f"user {one.user_id}: registered on AWS, and somebody at Supabase may have their address: a handback "
                "would leave them without a password there"
                for one in page.unknown_there
            ]
    rows = await (await synchronisation.journal.execute(queries.read_strangers)).fetchall()
    found.strangers = [username for (username,) in rows]
    return found


async def _list_pool(synchronisation: Synchronisation) -> None:
    """Everyone in the pool, in a table of this connection's own: they may be many, and are listed in no order."""
    journal = synchronisation.journal
    await synchronisation.in_thread(synchronisation.pool.look_for_providers)
    await journal.execute(queries.make_listing)
    await journal.execute(queries.empty_listing)
    async for users in _pages_of_pool(synchronisation):
        async with journal.cursor() as cursor:
            await cursor.executemany(
                queries.list_user,
                [
                    {
                        "username": user.username,
                        "user_id": user.attributes.get("custom:user_id"),
                        "attributes": Jsonb(user.attributes),
                        "enabled": user.enabled,
                        "status": user.status,
                    }
                    for user in users
                ],
            )
    await journal.execute(queries.know_listing)


async def _pages_of_pool(synchronisation: Synchronisation) -> AsyncIterator[list[PoolUser]]:
    pages = synchronisation.pool.users()
    while (users := await synchronisation.in_thread(next, pages, None)) is not None:
        yield users


async def _counterparts(synchronisation: Synchronisation, page: Page) -> dict[UUID, PoolUser]:
    """The listed users of these people, who then are nobody else's."""
    names = {user_id: link.username for user_id, link in page.links.items()}
    people = [{"user_id": str(user_id), "username": names.get(user_id)} for user_id in page.accounts]
    rows: list[Any] = await (
        await synchronisation.journal.execute(queries.take_counterparts, {"people": Jsonb(people)})
    ).fetchall()
    return {UUID(user_id): PoolUser(name, held, enabled, status) for user_id, name, held, enabled, status in rows}


def _difference(synchronisation: Synchronisation, account: Account, page: Page, user: PoolUser | None) -> str | None:
    told = page.told.get(account.user_id)
    if user is None:
        return (told.problem if told is not None else None) or "no Cognito user"
    unlike = [name for name in _ATTRIBUTES if user.attributes.get(name) != account.attributes.get(name)]
    if unlike:
        return f"{', '.join(unlike)} differs"
    if user.enabled is account.disabled:
        return "disabled here, but not in Cognito" if account.disabled else "disabled in Cognito, but not here"
    if user.status not in _SIGN_IN_POSSIBLE:
        return f"cannot sign in: Cognito says {user.status}"
    link = page.links.get(account.user_id)
    if link is None or (link.sub, link.username) != (user.sub, user.username):
        return "the link does not name the Cognito user"
    unlinked = [
        one.provider
        for one in account.identities
        if (provider := synchronisation.pool.provider(one)) is not None
        and (provider, one.subject) not in user.identities
    ]
    if unlinked:
        return f"not linked in Cognito: {', '.join(unlinked)}"
    held = page.passwords.get(account.user_id)
    if account.password is None and held is not None and not held.forgotten:
        return "a password is held that must not sign in"
    if account.factors and synchronisation.places.sealer is None:
        return "has an authenticator, and no key to seal its secret with was given: set auth.factor_key_file"
    if account.factors and (told is None or told.factors != account.factors):
        return "has an authenticator that was not brought along"
    if account.password is not None and (held is None or (not held.forgotten and held.email != account.email)):
        return "the password of Supabase is not held"
    return None


def _password_owed(account: Account, page: Page) -> str | None:
    held = page.passwords.get(account.user_id)
    if held is not None and held.pending and account.user_id in page.there:
        return "the password that Cognito has is not at Supabase yet"
    return None


def _left_behind(synchronisation: Synchronisation, page: Page) -> list[str]:
    """What people have here that a handback cannot give them at Supabase."""
    said = []
    for user_id, own in page.own.items():
        if user_id not in page.there:
            continue
        left = [*own.left_behind]
        if synchronisation.places.sealer is None and own.factors - {one.id for one in page.accounts[user_id].factors}:
            left.append("authenticators, whose secrets cannot be opened without auth.factor_key_file")
        change = next(iter(find_changes(replace(page, there={user_id: page.there[user_id]}), can_open=True)), None)
        if change is not None:
            left += [f"account at {one.provider}, if somebody else has it there" for one in change.linked]
        said += [f"user {user_id}: a handback would leave Supabase without their {words}" for words in left]
    return said


def _remarks(synchronisation: Synchronisation, account: Account) -> list[str]:
    unknown = [one.provider for one in account.identities if synchronisation.pool.provider(one) is None]
    said = [f"signs in through {name}, which the pool does not know" for name in unknown]
    return [*account.remarks, *said]
