"""People as the databases know them, merged from Cyphr's own tables and from Supabase Auth, a page at a time.

Everything is read, not what changed since a time: nobody sets ``updated_at`` when an account is banned or a ban ends,
and a deleted row has none. Pages go by the person's id, which every source is sorted by; so memory stays the same
however many there are.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from cyphr.migrate.auth.accounts import Account, Factor, Identity, Link, is_address, queries, usable_name, usable_phone
from cyphr.migrate.auth.addresses import Contested, read_contested
from cyphr.migrate.authority import Authority, with_authority

PAGE = 1000
Wanted = Mapping[str, Any]
"""``first``: from which id on; ``limit``: how many; ``only``: nobody but these, unless it is None."""

_LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Told:
    """What the pool was told of a person, by the journal."""

    fingerprint: str
    problem: str | None
    due: bool
    """Whether what was refused may be tried again."""
    identities: tuple[Identity, ...] = ()
    factors: tuple[Factor, ...] = ()
    known: bool = False
    """Whether they had an account of Cyphr."""
    banned: bool = False
    """Whether the migration banned them at Supabase."""


@dataclass(frozen=True)
class Held:
    """What is held of a person's password on our side; no secret."""

    digest: str | None
    forgotten: bool
    email: str | None
    returned: str | None = None
    """SHA-256 of the hash of what Cognito has, kept for the way back."""
    pending: bool = False
    """Whether Supabase Auth has not got that one yet."""


@dataclass(frozen=True)
class Own:
    """What a person has here that Supabase Auth may have to be told of."""

    suspended: bool
    methods: frozenset[tuple[str, str]]
    """Accounts at other providers: provider in small letters, subject."""
    factors: frozenset[UUID]
    """Authenticators."""
    left_behind: tuple[str, ...] = ()
    """What Supabase has no place for."""


@dataclass(frozen=True)
class There:
    """How somebody stands at Supabase Auth."""

    banned: bool
    deleted: bool


@dataclass
class Page:
    """Everybody between two ids."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    links: dict[UUID, Link] = field(default_factory=dict)
    told: dict[UUID, Told] = field(default_factory=dict)
    passwords: dict[UUID, Held] = field(default_factory=dict)
    own: dict[UUID, Own] = field(default_factory=dict)
    """Who has an account of Cyphr."""
    there: dict[UUID, There] = field(default_factory=dict)
    """Whom Supabase Auth knows, guests excepted."""
    unknown_there: list[Account] = field(default_factory=list)
    """Who has a password in Cognito, and whom Supabase Auth does not know."""


@dataclass(frozen=True)
class _Rows:
    links: list[dict[str, Any]]
    passwords: list[dict[str, Any]]
    people: list[dict[str, Any]]


async def read_pages(
    authority: Authority, supabase: AsyncConnection, journal: AsyncConnection, only: Collection[UUID] | None = None
) -> AsyncIterator[Page]:
    """Everyone whom Cyphr or Supabase Auth knows, or has known, with what there is of them elsewhere.

    ``only``: nobody but these.
    """
    if only is not None and not only:
        return
    contested = await read_contested(authority, supabase)
    first: UUID | None = UUID(int=0)
    while first is not None:
        wanted = {"first": first, "limit": PAGE, "only": None if only is None else list(only)}
        said = await _rows(journal, queries.read_journal, wanted)
        users = await _rows(supabase, queries.read_supabase_users, wanted)
        emails = [user["email"] for user in users if user["email"]]
        ours, proven = await with_authority(authority, partial(_read_ours, wanted=wanted, emails=emails))
        # A source that was cut off knows nothing of who comes after its last row: the page ends there.
        sources = (said, ours.links, ours.passwords, ours.people, users)
        last = min((rows[-1]["user_id"] for rows in sources if len(rows) == PAGE), default=_LAST)
        said, users = _until(last, said), _until(last, users)
        ours = _Rows(_until(last, ours.links), _until(last, ours.passwords), _until(last, ours.people))
        yield _page(said, ours, users, contested, proven)
        first = UUID(int=last.int + 1) if last != _LAST else None


async def read_accounts(authority: Authority, supabase: AsyncConnection, journal: AsyncConnection) -> int:
    """How many people there are."""
    return sum([len(page.accounts) async for page in read_pages(authority, supabase, journal)])


async def _read_ours(connection: AsyncConnection, wanted: Wanted, emails: list[str]) -> tuple[_Rows, dict[str, UUID]]:
    """A page of Cyphr's own tables, and whose those of the addresses are that a code was mailed to."""
    # Links before people: a link without a person then means that the person was deleted.
    links = await _rows(connection, queries.read_links, wanted)
    passwords = await _rows(connection, queries.read_passwords, wanted)
    people = await _rows(connection, queries.read_people, wanted)
    proven = await (await connection.execute(queries.read_proven, {"emails": emails})).fetchall()
    return _Rows(links, passwords, people), dict(proven)


async def _rows(connection: AsyncConnection, query: LiteralString, wanted: Wanted) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, wanted)
        return await cursor.fetchall()


def _until(last: UUID, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["user_id"] <= last]


def _page(
    said: list[dict[str, Any]],
    ours: _Rows,
    users: list[dict[str, Any]],
    contested: Contested,
    proven: dict[str, UUID],
) -> Page:
    page = Page()
    for row in said:
        page.told[row["user_id"]] = Told(
            row["fingerprint"],
            row["problem"],
            row["due"],
            _identities(row["identities"]),
            _factors(row["factors"]),
            row["known"],
            row["banned"],
        )
    for row in ours.links:
        page.links[row["user_id"]] = Link(**row)
    for row in ours.passwords:
        page.passwords[row["user_id"]] = Held(
            row["digest"], row["forgotten"], row["email"], row["returned"], row["pending"]
        )
    people = {row["user_id"]: row for row in ours.people}
    page.own = {user_id: _own(row) for user_id, row in people.items()}
    for user in users:
        person, told = people.pop(user["user_id"], None), page.told.get(user["user_id"])
        if not user["is_anonymous"]:
            page.there[user["user_id"]] = There(user["banned"], user["deleted"])
        if user["banned"] and told is not None and told.banned:
            user["banned"] = False  # a ban of ours says no more than that they are suspended here
        if person is not None or not (user["deleted"] or user["is_anonymous"]):
            page.accounts[user["user_id"]] = _account(user, person, contested, proven)
    for person in people.values():
        # An address in account_emails got there by a code that was mailed to it.
        email = person["email"]
        page.accounts[person["user_id"]] = Account(
            person["user_id"],
            email,
            email is not None,
            usable_name(person["full_name"]),
            disabled=person["suspended"],
        )
        if person["has_password"] and email is not None and not person["suspended"]:
            page.unknown_there.append(page.accounts[person["user_id"]])
    return page


def _account(
    user: dict[str, Any], person: dict[str, Any] | None, contested: Contested, proven: dict[str, UUID]
) -> Account:
    """A user of Supabase Auth, with what Cyphr knows of them."""
    user_id, own, theirs = user["user_id"], person["email"] if person else None, user["email"] or None
    remarks = []
    if own is None and theirs is not None and not is_address(theirs):
        remarks.append("has an address that is none")
        theirs = None
    holder = contested.loser(theirs, user_id, proven) if own is None and theirs is not None else None
    if holder is not None:
        remarks.append(f"has an address that user {holder} holds, and is named by their id")
    verified = own is not None or (theirs is not None and user["confirmed"] and holder is None)
    disabled = user["banned"] or user["deleted"] or (person is not None and person["suspended"])
    may_sign_in = verified and not disabled
    if user["other_password"] and may_sign_in:
        remarks.append("has a password in a form that only Supabase checks, and must set a new one")
    if user["other_factor"]:
        remarks.append("has a second factor that cannot be brought along, and must set one up anew")
    if user["factors"] and person is None:
        remarks.append("has an authenticator, and never opened Cyphr")
    return Account(
        user_id,
        own or theirs,
        verified,
        usable_name((person["full_name"] if person else "") or user["name"]),
        disabled,
        phone=usable_phone(user["phone"]),
        phone_verified=user["phone_confirmed"],
        identities=_identities(user["identities"]),
        password=user["password"] if may_sign_in else None,
        factors=_factors(user["factors"]) if person is not None else (),
        remarks=tuple(remarks),
    )


def _own(row: dict[str, Any]) -> Own:
    left_behind = [words for words, has in (("passkeys", row["has_passkey"]),
                                            ("recovery codes", row["has_recovery_codes"])) if has]  # fmt: skip
    return Own(
        row["suspended"],
        frozenset((method, subject) for method, subject in row["methods"] or []),
        frozenset(UUID(factor_id) for factor_id in row["factors"] or []),
        tuple(left_behind),
    )


def _factors(pairs: list[list[str]] | None) -> tuple[Factor, ...]:
    return tuple(Factor(UUID(factor_id), digest) for factor_id, digest in pairs or [])


def _identities(pairs: list[list[str]] | None) -> tuple[Identity, ...]:
    return tuple(Identity(provider, subject) for provider, subject in pairs or [])
