"""What people and administrators changed on AWS and Supabase Auth has not heard of, found in a page of people."""

import re
from dataclasses import dataclass
from uuid import UUID

from cyphr.migrate.auth.accounts import Factor, Identity
from cyphr.migrate.auth.pages import Page

METHOD = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")
"""A provider's name as public.sign_in_methods takes it, in small letters."""


@dataclass(frozen=True)
class Change:
    """What Supabase Auth is to be told of one person."""

    user_id: UUID
    unlinked: tuple[Identity, ...] = ()
    linked: tuple[Identity, ...] = ()
    removed: tuple[UUID, ...] = ()
    """Authenticators that they no longer have."""
    added: tuple[UUID, ...] = ()
    kept: tuple[Factor, ...] = ()
    """Authenticators that were brought along and that they still have."""
    ban: bool | None = None
    """True: they are suspended here; False: no longer, and the ban there is of the migration's own making."""
    delete: bool = False

    @property
    def words(self) -> str | None:
        """What must not be missing there, for people; None where it may: an account elsewhere that was added."""
        said = [
            ("deleted", self.delete),
            ("suspended" if self.ban else "no longer suspended", self.ban is not None),
            ("no longer signs in through " + ", ".join(one.provider for one in self.unlinked), self.unlinked),
            ("an authenticator less", self.removed),
            ("an authenticator more", self.added),
        ]
        changed = [words for words, is_so in said if is_so]
        return f"changed on AWS and not at Supabase yet: {', '.join(changed)}" if changed else None


def find_changes(page: Page, *, can_open: bool) -> list[Change]:
    """What is to be carried back of these people. ``can_open``: whether authenticators' secrets can be opened."""
    found = (_change(page, user_id, can_open=can_open) for user_id in page.there)
    return [change for change in found if change is not None]


def find_own_bans(page: Page) -> list[Change]:
    """Of whom a ban of the migration's own is to be lifted, whichever side auth stands on."""
    lifted = (change for change in find_changes(page, can_open=False) if change.ban is False)
    return [Change(change.user_id, ban=False) for change in lifted]


def _change(page: Page, user_id: UUID, *, can_open: bool) -> Change | None:
    there, own, told = page.there[user_id], page.own.get(user_id), page.told.get(user_id)
    if told is None or there.deleted:  # somebody of whom nothing was written down yet is news first
        return None
    if own is None:
        return Change(user_id, delete=True) if told.known else None
    account = page.accounts[user_id]
    before = {_method(one) for one in (*told.identities, *account.identities)}
    factors_there, brought = {one.id for one in account.factors}, {one.id for one in told.factors}
    change = Change(
        user_id,
        unlinked=tuple(
            one
            for one in told.identities
            if one in account.identities and (method := _method(one)) is not None and method not in own.methods
        ),
        linked=tuple(
            Identity(*method) for method in sorted(own.methods - before) if not method[0].startswith(("sso:", "saml"))
        ),
        removed=tuple(sorted((brought & factors_there) - own.factors)),
        added=tuple(sorted(own.factors - factors_there - brought)) if can_open else (),
        kept=tuple(one for one in told.factors if one.id in own.factors),
        ban=_ban(suspended=own.suspended, banned=there.banned, by_us=told.banned),
    )
    return change if change.linked or change.words is not None else None


def _method(identity: Identity) -> tuple[str, str] | None:
    name = identity.provider.lower()
    return (name, identity.subject) if METHOD.fullmatch(name) else None


def _ban(*, suspended: bool, banned: bool, by_us: bool) -> bool | None:
    if suspended and not banned:
        return True
    return False if banned and by_us and not suspended else None
