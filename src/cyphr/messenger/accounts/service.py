"""The rules of registering and of changing a PIN."""

import hmac
import secrets
from typing import Any
from uuid import UUID

from cyphr.foundation.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.accounts.models import Me, PinChange, Registration
from cyphr.messenger.sessions.models import Identity, Session
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Admission, NewSession, Sessions, hash_email

_queries = load_queries(__package__)


class Accounts:
    """Registers people and lets them change their PIN. ``code_key``: a secret that all servers share."""

    def __init__(self, switchboard: Switchboard, sessions: Sessions, pins: Pins, mail: Mail, code_key: bytes) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._pins = pins
        self._mail = mail
        self._code_key = code_key

    async def send_code(self, email: str) -> None:
        """Mail a code to an address, known or not; beyond five in ten minutes, silently none."""
        code = f"{secrets.randbelow(1_000_000):06d}"
        code_hash = self._hash_code(email, code)

        async def work(transaction: Transaction) -> Any:
            return await transaction.fetch_value(_queries.issue_email_code, email=email, code_hash=code_hash)

        if await self._switchboard.unit_of_work(None, work):
            await self._mail.send_code(email, code)

    async def register(self, registration: Registration) -> Session:
        """Make the account and sign in. Raises InvalidInput (the code) or Conflict (address or name taken)."""
        user_id = uuid7()
        new = NewSession(registration.device, registration.device_id)
        pin_hash = await self._pins.hash(registration.pin)

        async def work(transaction: Transaction) -> tuple[str, Admission | None]:
            outcome = await transaction.fetch_value(
                _queries.register_account,
                user_id=user_id,
                email=registration.email,
                email_hash=hash_email(registration.email),
                code_hash=self._hash_code(registration.email, registration.code),
                full_name=registration.full_name,
                cyphr_id=registration.cyphr_id,
                pin_hash=pin_hash,
            )
            if outcome != "registered":
                return outcome, None  # returned, not raised: a wrong code's try must be committed
            return outcome, await self._sessions.admit_within(transaction, user_id, "pin", new)

        outcome, admission = await self._switchboard.unit_of_work(None, work)
        if admission is None:
            raise _refusal(outcome)
        session = self._sessions.conclude(admission, new)
        assert isinstance(session, Session)  # nobody has a second factor yet
        return session

    async def read_me(self, user_id: UUID) -> Me:
        """The acting user as they see themselves. Raises NotFound when the account is gone."""

        async def work(transaction: Transaction) -> Me | None:
            return await transaction.fetch_one(Me, _queries.read_me, user_id=user_id)

        me = await self._switchboard.unit_of_work(user_id, work)
        if me is None:
            raise NotFound("this account no longer exists")
        return me

    async def change_pin(self, identity: Identity, change: PinChange) -> None:
        """Set a new PIN after the old one, and end every other session. Raises NotAuthenticated or RateLimited."""
        me = await self.read_me(identity.user_id)
        if me.email is None:
            raise InvalidInput("this account has no e-mail address, so it has no PIN to change")
        email = me.email
        if await self._sessions.prove_pin(email, change.pin) != identity.user_id:
            raise NotAuthenticated("the e-mail address and the PIN do not belong together")
        pin_hash = await self._pins.hash(change.new_pin)

        async def work(transaction: Transaction) -> None:
            await self._sessions.forgive(transaction, email)
            await transaction.execute(_queries.set_pin, pin_hash=pin_hash)

        await self._switchboard.unit_of_work(identity.user_id, work)
        await self._sessions.sign_out_others(identity)

    def _hash_code(self, email: str, code: str) -> bytes:
        return hmac.digest(self._code_key, f"{email}\n{code}".encode(), "sha256")


def _refusal(outcome: str) -> InvalidInput | Conflict:
    match outcome:
        case "email_taken":
            return Conflict("this address has an account already; sign in")
        case "cyphr_id_taken":
            return Conflict("this cyphr_id is taken; choose another")
        case _:
            return InvalidInput("the code is wrong or no longer valid; ask for a new one")
