"""The rules of registering, and of changing and recovering a PIN."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from cyphr.foundation.errors import Conflict, InvalidInput, NotFound, Unavailable
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import (
    Letter,
    Mail,
    already_registered,
    nothing_to_recover,
    pin_changed,
    recovery_code,
    registration_code,
)
from cyphr.messenger.accounts.models import Me, PinChange, Recovery, Registration
from cyphr.messenger.audit.models import SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.sessions.models import Identity, Session
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Admission, NewSession, Sessions
from cyphr.messenger.sessions.tries import hash_email

_queries = load_queries(__package__)


@dataclass(frozen=True)
class Recovered:
    """What came of a recovery: ``recovered``, ``wrong_code`` or ``pin_too_short``. ``ended``: sessions."""

    outcome: str
    user_id: UUID | None
    ended: list[UUID] | None


class Accounts:
    """Registers people and lets them change their PIN. ``code_key``: a secret that all servers share."""

    def __init__(
        self,
        switchboard: Switchboard,
        sessions: Sessions,
        pins: Pins,
        mail: Mail,
        audit: Audit,
        code_key: bytes,
    ) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._pins = pins
        self._mail = mail
        self._audit = audit
        self._code_key = code_key

    async def send_code(self, email: str) -> None:
        """Mail a code, or word to whom has an account already; beyond five in ten minutes, silently nothing."""
        code = _new_code()
        known = await self._issue(email, self._hash_code(email, code))
        if known is not None:
            await self._mail.send(email, already_registered() if known == "taken" else registration_code(code))

    async def send_recovery(self, email: str) -> None:
        """Mail a code for a new PIN, or word that there is no account; beyond five in ten minutes, silently nothing."""
        code = _new_code()
        known = await self._issue(email, self._hash_recovery_code(email, code))
        if known is not None:
            await self._mail.send(email, recovery_code(code) if known == "taken" else nothing_to_recover())

    async def recover(self, recovery: Recovery) -> None:
        """Set a new PIN and end every session. Raises InvalidInput when the code is not right, alike for all."""
        pin_hash = await self._pins.hash(recovery.new_pin)

        async def work(transaction: Transaction) -> Recovered:
            recovered = await transaction.fetch_one(
                Recovered,
                _queries.recover_pin,
                email=recovery.email,
                email_hash=hash_email(recovery.email),
                code_hash=self._hash_recovery_code(recovery.email, recovery.code),
                pin_hash=pin_hash,
                pin_length=len(recovery.new_pin),
            )
            assert recovered is not None
            if recovered.user_id is not None:
                await self._audit.note(transaction, SecurityEvent(kind="pin.recovered", subject=recovered.user_id))
            return recovered

        recovered = await self._switchboard.unit_of_work(None, work)
        if recovered.user_id is None:
            raise _refusal(recovered.outcome)
        await self._sessions.forget(recovered.user_id, recovered.ended or [])
        await self._tell(recovery.email, pin_changed())

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
                pin_length=len(registration.pin),
            )
            if outcome != "registered":
                return outcome, None  # returned, not raised: a wrong code's try must be committed
            await self._audit.note(
                transaction, SecurityEvent(kind="account.registered", actor=user_id, subject=user_id)
            )
            return outcome, await self._sessions.admit_within(transaction, user_id, "pin", new)

        outcome, admission = await self._switchboard.unit_of_work(None, work)
        if admission is None:
            raise _refusal(outcome)
        session = await self._sessions.conclude(admission, new)
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
        email = await self._sessions.tries.prove_own(identity, change.pin)
        pin_hash = await self._pins.hash(change.new_pin)

        async def work(transaction: Transaction) -> None:
            if len(change.new_pin) < await transaction.fetch_value(_queries.own_pin_length):
                raise _refusal("pin_too_short")
            await transaction.execute(_queries.set_pin, pin_hash=pin_hash)
            await self._audit.note(
                transaction,
                SecurityEvent(
                    kind="pin.changed", actor=identity.user_id, subject=identity.user_id, session=identity.session_id
                ),
            )

        await self._switchboard.unit_of_work(identity.user_id, work)
        await self._sessions.sign_out_others(identity)
        await self._tell(email, pin_changed())

    async def _issue(self, email: str, code_hash: bytes) -> str | None:
        async def work(transaction: Transaction) -> str | None:
            known: str | None = await transaction.fetch_value(
                _queries.issue_email_code, email=email, code_hash=code_hash
            )
            return known

        return await self._switchboard.unit_of_work(None, work)

    async def _tell(self, email: str, letter: Letter) -> None:
        # What it tells of is done; that it could not be told must not look as if it were not.
        with suppress(Unavailable):
            await self._mail.send(email, letter)

    def _hash_recovery_code(self, email: str, code: str) -> bytes:
        # No code is good for both: the words of the letter say what it is for.
        return self._hash_code(f"recovery\n{email}", code)

    def _hash_code(self, email: str, code: str) -> bytes:
        return hmac.digest(self._code_key, f"{email}\n{code}".encode(), "sha256")


def _new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def _refusal(outcome: str) -> InvalidInput | Conflict:
    match outcome:
        case "email_taken":
            return Conflict("this address has an account already; sign in")
        case "cyphr_id_taken":
            return Conflict("this cyphr_id is taken; choose another")
        case "pin_too_short":
            return InvalidInput("this PIN is shorter than those who administer this account allow; take more digits")
        case _:
            return InvalidInput("the code is wrong or no longer valid; ask for a new one")
