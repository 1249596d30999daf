"""Linking and unlinking methods. Whoever does it has just proved again who they are, and is never left without one."""

from dataclasses import dataclass
from typing import LiteralString

from cyphr.foundation.errors import Conflict, InvalidInput, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import EventKind, SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.cognito.pool import UserPool
from cyphr.messenger.identities.models import LinkedMethod
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Sessions

_queries = load_queries(__package__)


@dataclass(frozen=True)
class Own:
    """What is known of oneself. ``username``: what Cognito calls one, if it knows one."""

    email: str | None
    full_name: str | None
    username: str | None


class Identities:
    """The methods of one account. ``pool``, ``passwords``: None where nobody signs in with a password."""

    def __init__(
        self,
        switchboard: Switchboard,
        sessions: Sessions,
        pins: Pins,
        pool: UserPool | None,
        passwords: Passwords | None,
        audit: Audit,
    ) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._pins = pins
        self._pool = pool
        self._passwords = passwords
        self._audit = audit

    async def list(self, identity: Identity) -> list[LinkedMethod]:
        """How one may sign in."""

        async def work(transaction: Transaction) -> list[LinkedMethod]:
            return await transaction.fetch_all(LinkedMethod, _queries.list_methods)

        return await self._switchboard.unit_of_work(identity.user_id, work)

    async def link_password(self, identity: Identity, password: str) -> None:
        """Give the account a password, or another. Every other session ends.

        Raises NotFound (no pool), InvalidInput (no address, or a password against the policy) or Unavailable.
        """
        if self._pool is None or self._passwords is None:
            raise NotFound("nobody signs in with a password here")
        own = await self._read_own(identity)
        if own.email is None:
            raise InvalidInput("this account has no e-mail address to sign in with; add one first")
        username = own.username or str(identity.user_id)
        user = await self._pool.find(username)
        if user is None:
            user = await self._pool.create(str(identity.user_id), own.email, own.full_name or "")
        await self._pool.set_password(user.username, password)
        await self._change(
            identity,
            _queries.link_password,
            "method.linked",
            "password",
            sub=user.sub,
            username=user.username,
            user_id=identity.user_id,
            bcrypt=await self._passwords.hash_to_keep(password),
        )
        await self._sessions.sign_out_others(identity)

    async def link_pin(self, identity: Identity, pin: str) -> None:
        """Give the account a PIN, or another. Every other session ends. Raises InvalidInput without an address."""
        own = await self._read_own(identity)
        if own.email is None:
            raise InvalidInput("this account has no e-mail address to sign in with; add one first")
        pin_hash = await self._pins.hash(pin)
        await self._change(identity, _queries.link_pin, "method.linked", "pin", pin_hash=pin_hash)
        await self._sessions.sign_out_others(identity)

    async def unlink(self, identity: Identity, method: str) -> None:
        """Take a method away, and end every other session. Raises NotFound, or Conflict for the last one."""
        own = await self._read_own(identity)
        outcome = await self._change(identity, _queries.unlink, "method.unlinked", method, method=method)
        if outcome == "absent":
            raise NotFound("this account has no such method")
        if outcome == "last":
            raise Conflict("this is the only way into this account; link another first")
        if method == "password" and self._pool is not None and own.username is not None:
            # What is left in the pool lets nobody in: a password counts only while it is a method of the account.
            await self._pool.set_password(own.username, None)
            await self._pool.sign_out(own.username)
        await self._sessions.sign_out_others(identity)

    async def _read_own(self, identity: Identity) -> Own:
        async def work(transaction: Transaction) -> Own | None:
            return await transaction.fetch_one(Own, _queries.read_own, user_id=identity.user_id)

        own = await self._switchboard.unit_of_work(identity.user_id, work)
        if own is None:
            raise NotFound("this account no longer exists")
        return own

    async def _change(
        self, identity: Identity, query: LiteralString, kind: EventKind, method: str, /, **parameters: object
    ) -> str | None:
        """Run a query that links or unlinks; it is noted when something changed. The query's word, if it has one."""
        event = SecurityEvent(
            kind=kind,
            actor=identity.user_id,
            subject=identity.user_id,
            session=identity.session_id,
            details={"method": method},
        )

        async def work(transaction: Transaction) -> str | None:
            outcome = await transaction.fetch_value(query, **parameters)
            if outcome not in {"absent", "last"}:
                await self._audit.note(transaction, event)
            return outcome if isinstance(outcome, str) else None

        return await self._switchboard.unit_of_work(identity.user_id, work)
