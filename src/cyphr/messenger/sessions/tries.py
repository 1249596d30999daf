"""Tries at a PIN, counted for each account and each address of the network before it is looked whether one is right."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from cyphr.foundation.errors import InvalidInput, NotAuthenticated, RateLimited
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.caller import current_caller
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.pins import Pins

_queries = load_queries(__package__)


@dataclass(frozen=True)
class Attempt:
    """A reserved try to sign in. ``user_id`` and ``pin_hash`` are None for an address without an account; ``last``: a
    wrong PIN locks it now.
    """

    allowed: bool
    retry_after: int
    user_id: UUID | None
    pin_hash: str | None
    last: bool


class PinTries:
    """Tells whose an address and a PIN are."""

    def __init__(self, switchboard: Switchboard, pins: Pins, audit: Audit, *, most: int) -> None:
        """``most``: how many one address of the network may try in 15 minutes, of all accounts together."""
        self._switchboard = switchboard
        self._pins = pins
        self._audit = audit
        self._most = most

    async def prove(self, email: str, pin: str) -> UUID:
        """Whose address and PIN these are; counts as a try. Raises NotAuthenticated or RateLimited."""

        async def work(transaction: Transaction) -> Attempt | None:
            return await transaction.fetch_one(
                Attempt,
                _queries.begin_sign_in,
                email=email,
                email_hash=hash_email(email),
                address=current_caller().inet,
                most=self._most,
            )

        attempt = await self._switchboard.unit_of_work(None, work)
        assert attempt is not None
        if not attempt.allowed:
            raise RateLimited("too many wrong PINs; wait and try again", retry_after=attempt.retry_after)
        if not await self._pins.matches(attempt.pin_hash, pin) or attempt.user_id is None or attempt.pin_hash is None:
            if attempt.last:
                await self._note(SecurityEvent(kind="pin.locked", subject=attempt.user_id))
            raise NotAuthenticated("the e-mail address and the PIN do not belong together")
        if self._pins.is_outdated(attempt.pin_hash):
            await self._rehash(attempt.user_id, attempt.pin_hash, pin)
        return attempt.user_id

    async def prove_own(self, identity: Identity, pin: str) -> str:
        """The person's e-mail address, if the PIN is theirs. Raises NotAuthenticated, RateLimited, or InvalidInput."""
        email = await self.read_own_email(identity)
        if await self.prove(email, pin) != identity.user_id:
            raise NotAuthenticated("the e-mail address and the PIN do not belong together")

        async def work(transaction: Transaction) -> None:
            await self.forgive(transaction, email)

        await self._switchboard.unit_of_work(identity.user_id, work)
        return email

    async def read_own_email(self, identity: Identity) -> str:
        """The address that a person signs in with. Raises InvalidInput when there is none."""

        async def read(transaction: Transaction) -> str | None:
            email: str | None = await transaction.fetch_value(_queries.read_own_email, user_id=identity.user_id)
            return email

        email = await self._switchboard.unit_of_work(identity.user_id, read)
        if email is None:
            raise InvalidInput("this account has no e-mail address, so it has neither a PIN nor a password to prove")
        return email

    async def forgive(self, transaction: Transaction, email: str) -> None:
        """Clear the count of tries after a right PIN."""
        await transaction.execute(_queries.forgive_sign_in, email_hash=hash_email(email), address=current_caller().inet)

    async def _note(self, event: SecurityEvent) -> None:
        # An address without an account is noted as well, so that it costs the same.
        await self._switchboard.unit_of_work(None, lambda transaction: self._audit.note(transaction, event))

    async def _rehash(self, user_id: UUID, old_hash: str, pin: str) -> None:
        new_hash = await self._pins.hash(pin)

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.rehash_pin, user_id=user_id, old_hash=old_hash, new_hash=new_hash)

        await self._switchboard.unit_of_work(None, work)


def hash_email(email: str) -> str:
    """The SHA-256 under which tries to sign in are counted."""
    return hashlib.sha256(email.encode()).hexdigest()
