"""Sessions: signing in with a PIN, refreshing, revoking."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.errors import (
    FactorRequired,
    NotAuthenticated,
    StepUpRequired,
    Suspended,
)
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import EventKind, SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.caller import current_caller
from cyphr.messenger.people.models import Person
from cyphr.messenger.sessions.adoption import Adoptions
from cyphr.messenger.sessions.beliefs import Beliefs
from cyphr.messenger.sessions.models import Challenge, Factor, Identity, Method, Session
from cyphr.messenger.sessions.notices import Notices
from cyphr.messenger.sessions.tokens import LIFETIME, AccessTokens
from cyphr.messenger.sessions.tries import PinTries
from cyphr.messenger.sessions.verifier import Proof, Verifier

_queries = load_queries(__package__)

_REUSED_SUBJECT = "A session of your Cyphr account was ended"
_REUSED = (
    "A key of one of your sessions was used a second time, so somebody may have copied it. That session has ended"
    " wherever it was held. Sign in again; if you see sessions that you do not know, end them and change your PIN."
)
_NEW_DEVICE = "A new device signed in to your Cyphr account"
CHALLENGE_SECONDS = 300
_FAMILY_LIFETIME = timedelta(days=30)
_MOST_ADOPTED = 100_000


@dataclass(frozen=True)
class Rotation:
    """What came of presenting a refresh token: ``rotated``, ``unknown`` or ``reused``."""

    outcome: str
    session_id: UUID | None
    id: UUID | None
    full_name: str | None
    cyphr_id: str | None
    avatar_url: str | None


@dataclass(frozen=True)
class Ended:
    """A session that lives no longer, and whose it was."""

    user_id: UUID
    id: UUID


@dataclass(frozen=True)
class Admission:
    """What follows a right first factor: ``opened``, ``challenged`` or ``suspended``. ``id``: whose it is;
    ``stranger``: they were here before, and never with this device.
    """

    outcome: str
    factors: list[Factor]
    id: UUID
    full_name: str | None
    cyphr_id: str | None
    avatar_url: str | None
    stranger: bool


class NewSession:
    """The random parts of a session, made once, outside the transaction that may run twice."""

    def __init__(self, device: str | None, device_id: UUID | None = None) -> None:
        self.id = uuid7()
        self.device = device
        self.device_id = device_id
        self.refresh_token = secrets.token_urlsafe(32)
        self.expires_at = now() + _FAMILY_LIFETIME
        self.challenge = secrets.token_urlsafe(32)
        self.nonce = secrets.token_bytes(32)
        self.address = current_caller().inet
        self.user_agent = current_caller().user_agent


class Sessions:
    """Opens, proves and ends sessions. Liveness is believed for 30 seconds, then asked of the database again."""

    def __init__(
        self,
        switchboard: Switchboard,
        tokens: AccessTokens,
        verifier: Verifier,
        tries: PinTries,
        audit: Audit,
        notices: Notices,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """``clock``: seconds that only go up, by which it is believed that a session lives."""
        self.tries = tries
        self._switchboard = switchboard
        self._audit = audit
        self._tokens = tokens
        self._verifier = verifier
        self._notices = notices
        self._adoptions = Adoptions(switchboard, audit)
        self._alive = Beliefs(clock)
        self._cleared = Beliefs(clock)
        self._adopted: dict[UUID, UUID] = {}
        self._on_revoked: list[Callable[[UUID, UUID], Awaitable[None]]] = []
        self._on_new_device: list[Callable[[UUID, NewSession], Awaitable[None]]] = []

    def on_revoked(self, callback: Callable[[UUID, UUID], Awaitable[None]]) -> None:
        """Await ``callback`` with the person and the session whenever this process revokes one."""
        self._on_revoked.append(callback)

    def on_new_device(self, callback: Callable[[UUID, NewSession], Awaitable[None]]) -> None:
        """Await ``callback`` with the person and the session whenever one is opened on a device that is new to them."""
        self._on_new_device.append(callback)

    async def sign_in(self, email: str, pin: str, new: NewSession) -> Session | Challenge:
        """Sign in with a PIN. Raises NotAuthenticated alike for a wrong PIN and an unknown address, RateLimited, or
        Suspended.
        """
        user_id = await self.tries.prove(email, pin)

        async def work(transaction: Transaction) -> Admission:
            await self.tries.forgive(transaction, email)
            return await self.admit_within(transaction, user_id, "pin", new)

        return await self.conclude(await self._switchboard.unit_of_work(None, work), new)

    async def admit(self, user_id: UUID, method: Method, new: NewSession) -> Session | Challenge:
        """What every first factor ends in: a session, or the challenge of who has a second one. Raises Suspended."""

        async def work(transaction: Transaction) -> Admission:
            return await self.admit_within(transaction, user_id, method, new)

        return await self.conclude(await self._switchboard.unit_of_work(None, work), new)

    async def admit_within(self, transaction: Transaction, user_id: UUID, method: Method, new: NewSession) -> Admission:
        """``admit`` inside a transaction; give what it returns to ``conclude`` after the commit."""
        admission = await transaction.fetch_one(
            Admission,
            _queries.admit_session,
            user_id=user_id,
            method=method,
            session_id=new.id,
            token_hash=hash_token(new.refresh_token),
            expires_at=new.expires_at,
            device=new.device,
            device_id=new.device_id,
            address=new.address,
            user_agent=new.user_agent,
            challenge_hash=hash_token(new.challenge),
            nonce=new.nonce,
        )
        assert admission is not None
        await self._note_admission(transaction, admission, new, {"method": method})
        return admission

    async def open_challenged(
        self, transaction: Transaction, challenge: str, factor: Factor, new: NewSession
    ) -> Admission | None:
        """Use a challenge up and open its session, inside a transaction. None: it is over, or another device's."""
        admission = await transaction.fetch_one(
            Admission,
            _queries.open_challenged,
            challenge_hash=hash_token(challenge),
            factor=factor,
            session_id=new.id,
            token_hash=hash_token(new.refresh_token),
            expires_at=new.expires_at,
            device_id=new.device_id,
            address=new.address,
            user_agent=new.user_agent,
        )
        if admission is not None:
            await self._note_admission(transaction, admission, new, {"factor": factor})
        return admission

    async def conclude(self, admission: Admission, new: NewSession) -> Session | Challenge:
        """What the client gets; who signed in on a device that is new to them is told. Raises Suspended."""
        if admission.outcome == "suspended":
            raise Suspended("this account is suspended; ask whoever administers it")
        if admission.outcome == "challenged":
            return Challenge(challenge=new.challenge, factors=admission.factors, expires_in=CHALLENGE_SECONDS)
        person = Person(
            id=admission.id,
            full_name=admission.full_name or "",
            cyphr_id=admission.cyphr_id,
            avatar_url=admission.avatar_url,
        )
        if admission.stranger:
            await self._notices.tell(admission.id, _NEW_DEVICE, _describe(new))
            for callback in self._on_new_device:
                await callback(admission.id, new)
        return self._session(person, new.id, new.refresh_token)

    async def prove_again(self, transaction: Transaction, identity: Identity) -> None:
        """For five minutes ``require_proof`` is content with this session."""
        await transaction.execute(_queries.note_proof, session_id=identity.session_id)

    async def refresh(self, refresh_token: str) -> Session:
        """Exchange a refresh token for a new pair. One that was copied ends its whole family, and its owner is told."""
        successor = secrets.token_urlsafe(32)
        expires_at = now() + _FAMILY_LIFETIME

        async def work(transaction: Transaction) -> Rotation:
            rotation = await transaction.fetch_one(
                Rotation,
                _queries.rotate_session,
                old_hash=hash_token(refresh_token),
                new_hash=hash_token(successor),
                expires_at=expires_at,
                address=current_caller().inet,
            )
            assert rotation is not None
            if rotation.outcome == "reused":
                event = SecurityEvent(kind="session.reused", subject=rotation.id, session=rotation.session_id)
                await self._audit.note(transaction, event)
            return rotation

        rotation = await self._switchboard.unit_of_work(None, work)
        if rotation.outcome == "reused" and rotation.id is not None and rotation.session_id is not None:
            await self._forget(rotation.id, rotation.session_id)
            await self._notices.tell(rotation.id, _REUSED_SUBJECT, _REUSED)
        if rotation.outcome != "rotated" or rotation.id is None or rotation.session_id is None:
            raise NotAuthenticated("this refresh token is no longer valid; sign in")
        person = Person(
            id=rotation.id,
            full_name=rotation.full_name or "",
            cyphr_id=rotation.cyphr_id,
            avatar_url=rotation.avatar_url,
        )
        return self._session(person, rotation.session_id, successor)

    async def identify(self, access_token: str, *, enrolling: bool = False) -> Identity:
        """Who a request is from. ``enrolling``: it serves to set up a second factor, which their tenant may demand.

        Raises NotAuthenticated, FactorRequired, or Unavailable when another issuer's keys cannot be had.
        """
        proven = await self._verifier.verify(access_token)
        if isinstance(proven, Proof):
            identity = await self._adopt(proven)
        else:
            identity = proven
            if not self._alive.hold(identity.session_id):
                await self._ask(identity.session_id)
        if not enrolling and not self._cleared.hold(identity.user_id):
            await self._demand_factor(identity.user_id)
        return identity

    async def require_proof(self, identity: Identity) -> None:
        """Raises StepUpRequired unless this session proved who it is within the last five minutes."""

        async def work(transaction: Transaction) -> bool:
            return bool(await transaction.fetch_value(_queries.session_is_proved, session_id=identity.session_id))

        if not await self._switchboard.unit_of_work(identity.user_id, work):
            raise StepUpRequired("prove again who you are: POST /v1/sessions/step-up")

    def public_keys(self) -> list[dict[str, str]]:
        """What others check our access tokens with, as JSON Web Keys."""
        return self._tokens.public_keys()

    async def sign_out(self, identity: Identity) -> None:
        """End the session of this request."""
        await self._revoke(identity.user_id, only=identity.session_id)

    async def end(self, identity: Identity, session_id: UUID) -> bool:
        """End one session of this person; whether it was theirs and had not ended."""
        return bool(await self._revoke(identity.user_id, only=session_id))

    async def which_ended(self, session_ids: list[UUID]) -> list[UUID]:
        """Those of these sessions that live no longer."""

        async def work(transaction: Transaction) -> list[UUID]:
            ended: list[UUID] = await transaction.fetch_value(_queries.which_ended, session_ids=session_ids)
            return ended

        return await self._switchboard.unit_of_work(None, work)

    async def ended_lately(self, seconds: float) -> list[Ended]:
        """Sessions that anybody ended within the last ``seconds``, on whichever server or by the command line."""

        async def work(transaction: Transaction) -> list[Ended]:
            return await transaction.fetch_all(Ended, _queries.ended_lately, seconds=seconds)

        return await self._switchboard.unit_of_work(None, work)

    async def forget(self, user_id: UUID, session_ids: list[UUID]) -> None:
        """What follows when a transaction of ours has ended sessions: nothing goes on in their name."""
        for session_id in session_ids:
            await self._forget(user_id, session_id)

    async def sign_out_others(self, identity: Identity) -> None:
        """End every other session of this person."""
        await self._revoke(identity.user_id, kept=identity.session_id)

    async def sign_out_everywhere(self, user_id: UUID) -> None:
        """End every session of this person."""
        await self._revoke(user_id)

    async def _revoke(self, user_id: UUID, *, only: UUID | None = None, kept: UUID | None = None) -> list[UUID]:
        async def work(transaction: Transaction) -> list[UUID]:
            cursor = await transaction.connection.execute(_queries.revoke_sessions, {"only": only, "kept": kept})
            ended = [row[0] for row in await cursor.fetchall()]
            for session_id in ended:
                event = SecurityEvent(kind="session.revoked", actor=user_id, subject=user_id, session=session_id)
                await self._audit.note(transaction, event)
            return ended

        ended = await self._switchboard.unit_of_work(user_id, work)
        await self.forget(user_id, ended)
        return ended

    async def _note_admission(
        self, transaction: Transaction, admission: Admission, new: NewSession, details: dict[str, str]
    ) -> None:
        if admission.outcome == "suspended":
            return
        if admission.stranger:
            event = SecurityEvent(kind="device.new", actor=admission.id, subject=admission.id, session=new.id)
            await self._audit.note(transaction, event)
        kind: EventKind = "session.opened" if admission.outcome == "opened" else "session.challenged"
        event = SecurityEvent(kind=kind, actor=admission.id, subject=admission.id, session=new.id, details=details)
        await self._audit.note(transaction, event)

    async def _ask(self, session_id: UUID) -> None:
        async def work(transaction: Transaction) -> bool:
            return bool(await transaction.fetch_value(_queries.session_is_live, session_id=session_id))

        self._alive.drop(session_id)
        if not await self._switchboard.unit_of_work(None, work):
            raise NotAuthenticated("this session has ended; sign in")
        self._alive.add(session_id)

    async def _adopt(self, proof: Proof) -> Identity:
        """The identity behind a token of another issuer, whose session gets a row here. Raises NotAuthenticated."""
        session_id = proof.session_id
        known = self._adopted.get(session_id)
        if known is not None and self._alive.hold(session_id):
            return Identity(user_id=known, session_id=session_id)
        self._alive.drop(session_id)
        user_id = await self._adoptions.adopt(proof)
        if len(self._adopted) > _MOST_ADOPTED:
            self._adopted.clear()
        self._adopted[session_id] = user_id
        self._alive.add(session_id)
        return Identity(user_id=user_id, session_id=session_id)

    async def exchange(self, token: str, new: NewSession) -> Session | Challenge:
        """Give a session of ours for another issuer's token, whose own session then ends within a minute.

        Raises NotAuthenticated, Suspended, or Unavailable when the issuer's keys cannot be had.
        """
        proof = await self._verifier.verify(token)
        if not isinstance(proof, Proof):
            raise NotAuthenticated("this token is one of ours already; refresh its session")
        user_id = await self._adoptions.find(proof)
        outcome = await self.admit(user_id, proof.issuer, new)
        if isinstance(outcome, Session):
            await self._adoptions.note_exchange(proof, user_id)
            self._alive.drop(proof.session_id)
        return outcome

    async def _demand_factor(self, user_id: UUID) -> None:
        async def work(transaction: Transaction) -> bool:
            return bool(await transaction.fetch_value(_queries.demands_factor, user_id=user_id))

        self._cleared.drop(user_id)
        if await self._switchboard.unit_of_work(None, work):
            raise FactorRequired("those who administer this account demand a second factor: POST /v1/me/factors/totp")
        self._cleared.add(user_id)

    async def _forget(self, user_id: UUID, session_id: UUID) -> None:
        self._alive.drop(session_id)
        for callback in self._on_revoked:
            await callback(user_id, session_id)

    def _session(self, person: Person, session_id: UUID, refresh_token: str) -> Session:
        identity = Identity(user_id=person.id, session_id=session_id)
        return Session(
            access_token=self._tokens.issue(identity),
            refresh_token=refresh_token,
            expires_in=int(LIFETIME.total_seconds()),
            person=person,
        )


def _describe(new: NewSession) -> str:
    what = new.device or new.user_agent or "an unnamed device"
    return (
        f"Somebody signed in to your account on a device that was not used before: {what}, from the address"
        f" {new.address or 'unknown'}.\n\nIf it was not you, end that session under “Devices” and change your PIN."
    )


def hash_token(token: str) -> bytes:
    """The SHA-256 under which a token is stored: it is random, so it cannot be guessed from it."""
    return hashlib.sha256(token.encode()).digest()
