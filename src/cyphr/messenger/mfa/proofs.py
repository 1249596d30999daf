"""The rules of proving with a second factor: to end signing in, to step up, or to sign in with a passkey alone."""

import secrets
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAllowed, NotAuthenticated, RateLimited
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import EventKind, SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.mfa.models import ChallengeAnswer, PasskeyRequest, PasskeySignIn, SecondProof, StepUpProof
from cyphr.messenger.mfa.passkeys import Passkeys, credential_id_of
from cyphr.messenger.mfa.recovery import hash_code
from cyphr.messenger.mfa.totp import matching_step
from cyphr.messenger.sessions.models import Challenge, Factor, Identity, Session
from cyphr.messenger.sessions.notices import Notices
from cyphr.messenger.sessions.service import CHALLENGE_SECONDS, Admission, NewSession, Sessions, hash_token

_queries = load_queries(__package__)

Purpose = Literal["sign_in", "passkey", "step_up", "enrol"]

_OVER = "this challenge is over, or was begun elsewhere; begin again"
_WRONG = "that does not prove who you are; try again"
_COPIED = (
    "A passkey of your account answered with a count that was used before, and was refused. Either the device has lost"
    " count, or somebody has a copy of it. Remove the passkey if you cannot explain it."
)


@dataclass(frozen=True)
class Begun:
    """A challenge that may still be answered. ``user_id`` is None when the answer is to say whose it is."""

    user_id: UUID | None
    nonce: bytes


@dataclass(frozen=True)
class KnownFactor:
    """What a proof is checked against."""

    id: UUID
    user_id: UUID
    kind: Literal["totp", "passkey"]
    secret: bytes | None
    credential_id: bytes | None
    public_key: bytes | None
    last_counter: int


@dataclass(frozen=True)
class _Try:
    allowed: bool
    retry_after: int
    last: bool


@dataclass(frozen=True)
class _Proven:
    """A proof that is right unless it was used before, which taking it decides. No ``factor``: a recovery code.
    ``last``: if it is not right after all, the person's codes are locked now.
    """

    kind: Factor
    user_id: UUID
    factor: UUID | None = None
    counter: int = 0
    code_hash: bytes = b""
    last: bool = False


class _Copied(Exception):
    """A passkey's count did not go up. Stays in this module."""


class Proofs:
    """Checks proofs, and sees to it that each counts once. Codes are counted as tries before they are checked."""

    def __init__(
        self,
        switchboard: Switchboard,
        sessions: Sessions,
        passkeys: Passkeys,
        sealer: Sealer,
        audit: Audit,
        notices: Notices,
        *,
        code_key: bytes,
        passwords: Passwords | None = None,
    ) -> None:
        """``passwords``: what proves them; None: nobody has one."""
        self._switchboard = switchboard
        self._sessions = sessions
        self._passkeys = passkeys
        self._sealer = sealer
        self._audit = audit
        self._notices = notices
        self._code_key = code_key
        self._passwords = passwords

    async def answer(self, answer: ChallengeAnswer) -> Session:
        """End signing in. Raises NotAuthenticated, RateLimited or Suspended."""
        begun = await self.find(answer.challenge, "sign_in", device_id=answer.device_id)
        if begun is None or begun.user_id is None:
            raise NotAuthenticated(_OVER)
        proven = await self._check(begun.user_id, answer, begun.nonce)
        new = NewSession(None, answer.device_id)

        async def work(transaction: Transaction) -> Admission:
            # First the challenge: whoever finds it taken has used up nothing.
            admission = await self._sessions.open_challenged(transaction, answer.challenge, proven.kind, new)
            if admission is None:
                raise NotAuthenticated(_OVER)
            await self._take_proof(transaction, proven)
            return admission

        return _session_of(await self._sessions.conclude(await self._conclusive(proven, work), new))

    async def ask_passkey(self, challenge: str, device_id: UUID | None) -> PasskeyRequest:
        """What the passkeys of whoever is signing in are asked. Raises NotAuthenticated."""
        begun = await self.find(challenge, "sign_in", device_id=device_id)
        if begun is None or begun.user_id is None:
            raise NotAuthenticated(_OVER)
        return await self._request(challenge, begun.nonce, begun.user_id)

    async def begin_passkey(self, device_id: UUID | None) -> PasskeyRequest:
        """Ask for any passkey of this site."""
        token, nonce = secrets.token_urlsafe(32), secrets.token_bytes(32)

        async def work(transaction: Transaction) -> None:
            await self.begin(transaction, token, "passkey", nonce, device_id=device_id)

        options = await self._passkeys.ask(nonce, [])
        await self._switchboard.unit_of_work(None, work)
        return PasskeyRequest(challenge=token, options=options, expires_in=CHALLENGE_SECONDS)

    async def sign_in(self, answer: PasskeySignIn) -> Session:
        """Sign in with a passkey alone. Raises NotAuthenticated or Suspended."""
        begun = await self.find(answer.challenge, "passkey", device_id=answer.device_id)
        if begun is None:
            raise NotAuthenticated(_OVER)
        factor = await self._find_passkey(credential_id_of(answer.credential))
        if factor is None:
            raise NotAuthenticated("this passkey is not known here; sign in another way")
        proven = await self._check_passkey(factor, answer.credential, begun.nonce)
        new = NewSession(answer.device, answer.device_id)

        async def work(transaction: Transaction) -> Admission:
            await self.take(transaction, answer.challenge, "passkey")
            await self._take_proof(transaction, proven)
            return await self._sessions.admit_within(transaction, factor.user_id, "passkey", new)

        return _session_of(await self._sessions.conclude(await self._conclusive(proven, work), new))

    async def begin_step_up(self, identity: Identity) -> PasskeyRequest:
        """Ask for one of the person's passkeys."""
        token, nonce = secrets.token_urlsafe(32), secrets.token_bytes(32)

        async def work(transaction: Transaction) -> None:
            await self.begin(transaction, token, "step_up", nonce, identity.user_id, identity.session_id)

        await self._switchboard.unit_of_work(identity.user_id, work)
        return await self._request(token, nonce, identity.user_id)

    async def step_up(self, identity: Identity, proof: StepUpProof) -> None:
        """Prove again who one is. Raises NotAuthenticated, NotAllowed or RateLimited."""
        try:
            if proof.pin is not None or proof.password is not None:
                await self._step_up_with_first_factor(identity, proof)
            else:
                await self._step_up_with_factor(identity, proof)
        except NotAuthenticated:
            await self._note_alone("step_up.failed", identity, {"proof": proof.given()[0]})
            raise

    async def proves_code(self, user_id: UUID, text: str) -> bool:
        """Whether ``text`` is an authenticator's code or a recovery code of this person, which is then used up. Counts
        as a try, as everywhere.
        """
        try:
            proof = SecondProof(code=text) if text.isdigit() else SecondProof(recovery_code=text)
        except ValidationError:
            return False
        try:
            proven = await self._check(user_id, proof, b"")
            await self._conclusive(proven, lambda transaction: self._take_proof(transaction, proven))
        except (NotAuthenticated, RateLimited):
            return False
        return True

    async def begin(
        self,
        transaction: Transaction,
        token: str,
        purpose: Purpose,
        nonce: bytes,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        *,
        device_id: UUID | None = None,
    ) -> None:
        """Store a challenge that is answered within five minutes, by the same session or device."""
        await transaction.execute(
            _queries.begin_challenge,
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user_id,
            session_id=session_id,
            nonce=nonce,
            device_id=device_id,
        )

    async def find(
        self, token: str, purpose: Purpose, session_id: UUID | None = None, *, device_id: UUID | None = None
    ) -> Begun | None:
        """The challenge, if it was begun by this session or device and is not over."""

        async def work(transaction: Transaction) -> Begun | None:
            return await transaction.fetch_one(
                Begun,
                _queries.read_challenge,
                token_hash=hash_token(token),
                purpose=purpose,
                session_id=session_id,
                device_id=device_id,
            )

        return await self._switchboard.unit_of_work(None, work)

    async def take(self, transaction: Transaction, token: str, purpose: Purpose) -> None:
        """Use a challenge up. Raises NotAuthenticated when somebody else did."""
        if not await transaction.fetch_value(_queries.take_challenge, token_hash=hash_token(token), purpose=purpose):
            raise NotAuthenticated(_OVER)

    async def reserve_try(self, user_id: UUID) -> bool:
        """Count a try before it is checked; whether a wrong one locks now. Raises RateLimited after five."""

        async def work(transaction: Transaction) -> _Try | None:
            return await transaction.fetch_one(_Try, _queries.begin_factor_try, user_id=user_id)

        tried = await self._switchboard.unit_of_work(None, work)
        assert tried is not None
        if not tried.allowed:
            raise RateLimited("too many wrong codes; wait and try again", retry_after=tried.retry_after)
        return tried.last

    async def note_locked(self, user_id: UUID) -> None:
        """Note that five wrong codes have locked those of this person for a while."""
        event = SecurityEvent(kind="factor.locked", subject=user_id)
        await self._switchboard.unit_of_work(None, lambda transaction: self._audit.note(transaction, event))

    async def _step_up_with_first_factor(self, identity: Identity, proof: StepUpProof) -> None:
        if await self._factors_of(identity.user_id):
            raise NotAllowed("this account has a second factor: prove with that one")
        if proof.pin is not None:
            await self._sessions.tries.prove_own(identity, proof.pin)
        else:
            await self._prove_own_password(identity, proof.password or "")

        async def work(transaction: Transaction) -> None:
            await self._passed(transaction, identity, proof.given()[0])

        await self._switchboard.unit_of_work(identity.user_id, work)

    async def _prove_own_password(self, identity: Identity, password: str) -> None:
        if self._passwords is None:
            raise NotAllowed("passwords are not kept here: prove with the PIN")
        email = await self._sessions.tries.read_own_email(identity)
        if await self._passwords.sign_in(email, password) != identity.user_id:
            raise NotAuthenticated("the e-mail address and the password do not belong together")

    async def _step_up_with_factor(self, identity: Identity, proof: StepUpProof) -> None:
        nonce = b""
        if proof.credential is not None:
            begun = await self.find(proof.challenge or "", "step_up", identity.session_id)
            if begun is None:
                raise NotAuthenticated(_OVER)
            nonce = begun.nonce
        proven = await self._check(identity.user_id, proof, nonce)

        async def work(transaction: Transaction) -> None:
            if proof.credential is not None:
                await self.take(transaction, proof.challenge or "", "step_up")
            await self._take_proof(transaction, proven)
            await self._passed(transaction, identity, proven.kind)

        await self._conclusive(proven, work)

    async def _passed(self, transaction: Transaction, identity: Identity, kind: str) -> None:
        await self._sessions.prove_again(transaction, identity)
        await self._note(transaction, "step_up.passed", identity.user_id, identity.session_id, {"proof": kind})

    async def _check(self, user_id: UUID, proof: SecondProof, nonce: bytes) -> _Proven:
        """Whether a proof is right. Raises NotAuthenticated or RateLimited."""
        if proof.credential is not None:
            factor = await self._find_passkey(credential_id_of(proof.credential))
            if factor is None or factor.user_id != user_id:
                raise NotAuthenticated(_WRONG)
            return await self._check_passkey(factor, proof.credential, nonce)
        last = await self.reserve_try(user_id)
        if proof.recovery_code is not None:
            # Right or wrong is known when it is taken.
            code_hash = hash_code(self._code_key, user_id, proof.recovery_code)
            return _Proven("recovery", user_id, code_hash=code_hash, last=last)
        for factor in await self._factors_of(user_id):
            if factor.secret is not None and proof.code is not None:
                secret = self._sealer.open(factor.secret, factor.id.bytes).decode()
                step = matching_step(secret, proof.code, now().timestamp())
                if step is not None:
                    return _Proven("totp", user_id, factor.id, step, last=last)
        if last:
            await self.note_locked(user_id)
        raise NotAuthenticated(_WRONG)

    async def _check_passkey(self, factor: KnownFactor, credential: dict[str, Any], nonce: bytes) -> _Proven:
        counter = await self._passkeys.check(nonce, credential, factor.public_key or b"", factor.user_id)
        return _Proven("passkey", factor.user_id, factor.id, counter)

    async def _take_proof(self, transaction: Transaction, proven: _Proven) -> None:
        """Use a proof up. Raises NotAuthenticated when it was used before."""
        if proven.kind == "recovery":
            taken = await transaction.fetch_value(
                _queries.take_recovery_code, user_id=proven.user_id, code_hash=proven.code_hash
            )
        else:
            taken = await transaction.fetch_value(_queries.take_counter, id=proven.factor, counter=proven.counter)
        if not taken and proven.kind == "passkey":
            raise _Copied
        if not taken:
            raise NotAuthenticated(_WRONG)
        if proven.kind != "passkey":
            await transaction.execute(_queries.forgive_factor_tries, user_id=proven.user_id)
        if proven.kind == "recovery":
            await self._note(transaction, "recovery_code.used", proven.user_id, None, {})

    async def _conclusive(self, proven: _Proven, work: Any) -> Any:
        """Run a unit of work that takes a proof. A passkey that has lost count is refused, and its owner told."""
        try:
            return await self._switchboard.unit_of_work(None, work)
        except NotAuthenticated:
            if proven.last:
                await self.note_locked(proven.user_id)
            raise
        except _Copied:
            identity = Identity(user_id=proven.user_id, session_id=UUID(int=0))
            await self._note_alone("step_up.failed", identity, {"proof": "passkey", "why": "count"})
            await self._notices.tell(proven.user_id, "A passkey of your Cyphr account was refused", _COPIED)
            raise NotAuthenticated(_WRONG) from None

    async def _factors_of(self, user_id: UUID) -> list[KnownFactor]:
        async def work(transaction: Transaction) -> list[KnownFactor]:
            return await transaction.fetch_all(KnownFactor, _queries.read_factors, user_id=user_id)

        return await self._switchboard.unit_of_work(None, work)

    async def _find_passkey(self, credential_id: bytes) -> KnownFactor | None:
        async def work(transaction: Transaction) -> KnownFactor | None:
            return await transaction.fetch_one(KnownFactor, _queries.find_passkey, credential_id=credential_id)

        return await self._switchboard.unit_of_work(None, work)

    async def _request(self, challenge: str, nonce: bytes, user_id: UUID) -> PasskeyRequest:
        known = [one.credential_id for one in await self._factors_of(user_id) if one.credential_id is not None]
        if not known:
            raise InvalidInput("this account has no passkey; prove with something else")
        options = await self._passkeys.ask(nonce, known)
        return PasskeyRequest(challenge=challenge, options=options, expires_in=CHALLENGE_SECONDS)

    async def _note_alone(self, kind: EventKind, identity: Identity, details: dict[str, Any]) -> None:
        async def work(transaction: Transaction) -> None:
            await self._note(transaction, kind, identity.user_id, identity.session_id, details)

        await self._switchboard.unit_of_work(None, work)

    async def _note(
        self, transaction: Transaction, kind: EventKind, user_id: UUID, session_id: UUID | None, details: dict[str, Any]
    ) -> None:
        event = SecurityEvent(kind=kind, actor=user_id, subject=user_id, session=session_id, details=details)
        await self._audit.note(transaction, event)


def _session_of(outcome: Session | Challenge) -> Session:
    assert isinstance(outcome, Session)  # all that was asked is proved
    return outcome
