"""The rules of setting up second factors and of taking them away."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from cyphr.foundation.clock import now
from cyphr.foundation.errors import Conflict, InvalidInput, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import EventKind, SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.mfa.models import Enrolment, FactorAdded, OwnFactor, OwnFactors, PasskeyRequest
from cyphr.messenger.mfa.passkeys import Passkeys
from cyphr.messenger.mfa.proofs import KnownFactor, Proofs
from cyphr.messenger.mfa.recovery import hash_code, new_codes
from cyphr.messenger.mfa.totp import enrolment_uri, matching_step, new_secret
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.notices import Notices
from cyphr.messenger.sessions.service import CHALLENGE_SECONDS

_queries = load_queries(__package__)

_FULL = "ten factors are enough, and each passkey counts once; remove one first"
_IF_NOT_YOU = "If it was not you, sign in, end the sessions that you do not know, and change your PIN."


@dataclass(frozen=True)
class _Removed:
    kind: Literal["totp", "passkey"]
    name: str
    remaining: int


class Mfa:
    """Sets factors up and removes them. ``code_key``: what recovery codes are hashed with, the same on every server."""

    def __init__(
        self,
        switchboard: Switchboard,
        proofs: Proofs,
        passkeys: Passkeys,
        sealer: Sealer,
        audit: Audit,
        notices: Notices,
        *,
        code_key: bytes,
        issuer: str,
    ) -> None:
        self._switchboard = switchboard
        self._proofs = proofs
        self._passkeys = passkeys
        self._sealer = sealer
        self._audit = audit
        self._notices = notices
        self._code_key = code_key
        self._issuer = issuer

    async def list_factors(self, user_id: UUID) -> OwnFactors:
        """What the acting user can prove with."""

        async def work(transaction: Transaction) -> OwnFactors:
            factors = await transaction.fetch_all(OwnFactor, _queries.list_factors)
            left = await transaction.fetch_value(_queries.count_recovery_codes)
            return OwnFactors(factors=factors, recovery_codes=left)

        return await self._switchboard.unit_of_work(user_id, work)

    async def begin_authenticator(self, user_id: UUID, name: str) -> Enrolment:
        """A secret for an authenticator, which counts once its first code is confirmed. Raises Conflict."""
        factor_id, secret = uuid7(), new_secret()
        sealed = self._sealer.seal(secret.encode(), factor_id.bytes)

        async def work(transaction: Transaction) -> str:
            await self._add(transaction, factor_id, "totp", name, secret=sealed)
            return str(await transaction.fetch_value(_queries.read_own_name, user_id=user_id))

        account = await self._switchboard.unit_of_work(user_id, work)
        return Enrolment(id=factor_id, secret=secret, uri=enrolment_uri(secret, account, self._issuer))

    async def confirm_authenticator(self, identity: Identity, factor_id: UUID, code: str) -> FactorAdded:
        """Take its first code. Raises NotFound, RateLimited, or InvalidInput when the code is wrong."""
        user_id = identity.user_id

        async def read(transaction: Transaction) -> bytes | None:
            secret: bytes | None = await transaction.fetch_value(_queries.read_unconfirmed, id=factor_id)
            return secret

        sealed = await self._switchboard.unit_of_work(user_id, read)
        if sealed is None:
            raise NotFound("no authenticator of yours waits for its first code under this id; begin again")
        last = await self._proofs.reserve_try(user_id)
        secret = self._sealer.open(sealed, factor_id.bytes).decode()
        step = matching_step(secret, code, now().timestamp())
        if step is None:
            if last:
                await self._proofs.note_locked(user_id)
            raise InvalidInput("the code is not this authenticator's; does the device's clock go right?")

        async def confirm(transaction: Transaction) -> None:
            if not await transaction.fetch_value(_queries.confirm_factor, id=factor_id, counter=step):
                raise Conflict("this authenticator is confirmed already")
            await transaction.execute(_queries.forgive_factor_tries, user_id=user_id)

        return await self._added(identity, factor_id, "totp", confirm)

    async def begin_passkey(self, identity: Identity) -> PasskeyRequest:
        """Ask for a new passkey."""
        token, nonce = secrets.token_urlsafe(32), secrets.token_bytes(32)

        async def work(transaction: Transaction) -> tuple[str, list[KnownFactor]]:
            await self._proofs.begin(transaction, token, "enrol", nonce, identity.user_id, identity.session_id)
            known = await transaction.fetch_all(KnownFactor, _queries.read_factors, user_id=identity.user_id)
            return str(await transaction.fetch_value(_queries.read_own_name, user_id=identity.user_id)), known

        name, known = await self._switchboard.unit_of_work(identity.user_id, work)
        held = [one.credential_id for one in known if one.credential_id is not None]
        options = await self._passkeys.ask_for_new(nonce, identity.user_id, name, held)
        return PasskeyRequest(challenge=token, options=options, expires_in=CHALLENGE_SECONDS)

    async def add_passkey(
        self, identity: Identity, challenge: str, name: str, credential: dict[str, Any]
    ) -> FactorAdded:
        """Take the passkey that was made. Raises InvalidInput or Conflict."""
        begun = await self._proofs.find(challenge, "enrol", identity.session_id)
        if begun is None:
            raise InvalidInput("this challenge is over, or was not this session's; begin again")
        made = await self._passkeys.check_new(begun.nonce, credential)
        factor_id = uuid7()

        async def add(transaction: Transaction) -> None:
            await self._proofs.take(transaction, challenge, "enrol")
            await self._add(
                transaction,
                factor_id,
                "passkey",
                name,
                credential_id=made.credential_id,
                public_key=made.public_key,
                counter=made.counter,
            )

        return await self._added(identity, factor_id, "passkey", add)

    async def remove(self, identity: Identity, factor_id: UUID) -> None:
        """Take a factor away, and tell its owner. Raises NotFound."""
        user_id = identity.user_id

        async def work(transaction: Transaction) -> _Removed | None:
            removed = await transaction.fetch_one(_Removed, _queries.remove_factor, id=factor_id)
            if removed is not None:
                details = {"factor": str(factor_id), "kind": removed.kind, "remaining": removed.remaining}
                await self._note(transaction, "factor.removed", identity, details)
            return removed

        removed = await self._switchboard.unit_of_work(user_id, work)
        if removed is None:
            raise NotFound("no factor of yours has this id")
        last = "" if removed.remaining else "It was the last: from now on your first factor alone signs you in.\n\n"
        text = f"“{removed.name}” was removed and proves nothing any more.\n\n{last}{_IF_NOT_YOU}"
        await self._notices.tell(user_id, "A second factor was removed from your Cyphr account", text)

    async def renew_recovery_codes(self, identity: Identity) -> list[str]:
        """Ten new codes; the earlier ones are void. Raises Conflict when there is no factor to stand in for."""
        codes = new_codes()

        async def work(transaction: Transaction) -> None:
            if not await transaction.fetch_all(OwnFactor, _queries.list_factors):
                raise Conflict("recovery codes stand in for a second factor; set one up first")
            await self._store_codes(transaction, identity, codes)

        await self._switchboard.unit_of_work(identity.user_id, work)
        text = f"You have ten new recovery codes; the earlier ones are void.\n\n{_IF_NOT_YOU}"
        await self._notices.tell(identity.user_id, "New recovery codes for your Cyphr account", text)
        return codes

    async def _add(
        self,
        transaction: Transaction,
        factor_id: UUID,
        kind: str,
        name: str,
        *,
        secret: bytes | None = None,
        credential_id: bytes | None = None,
        public_key: bytes | None = None,
        counter: int = 0,
    ) -> None:
        added = await transaction.fetch_value(
            _queries.add_factor,
            id=factor_id,
            kind=kind,
            name=name,
            secret=secret,
            credential_id=credential_id,
            public_key=public_key,
            counter=counter,
        )
        if not added:
            raise Conflict(_FULL)

    async def _added(
        self, identity: Identity, factor_id: UUID, kind: str, add: Callable[[Transaction], Any]
    ) -> FactorAdded:
        """Add a factor, with recovery codes when it is the first, and tell its owner."""
        codes = new_codes()

        async def work(transaction: Transaction) -> bool:
            await add(transaction)
            await self._note(transaction, "factor.added", identity, {"factor": str(factor_id), "kind": kind})
            first = len(await transaction.fetch_all(OwnFactor, _queries.list_factors)) == 1
            if first:
                await self._store_codes(transaction, identity, codes)
            return first

        first = await self._switchboard.unit_of_work(identity.user_id, work)
        text = f"Signing in can now be proved with one more thing.\n\n{_IF_NOT_YOU}"
        await self._notices.tell(identity.user_id, "A second factor was added to your Cyphr account", text)
        return FactorAdded(factor_id=factor_id, recovery_codes=codes if first else None)

    async def _store_codes(self, transaction: Transaction, identity: Identity, codes: list[str]) -> None:
        hashes = [hash_code(self._code_key, identity.user_id, code) for code in codes]
        await transaction.execute(_queries.replace_recovery_codes, hashes=hashes)
        await self._note(transaction, "recovery_codes.made", identity, {})

    async def _note(
        self, transaction: Transaction, kind: EventKind, identity: Identity, details: dict[str, Any]
    ) -> None:
        event = SecurityEvent(
            kind=kind, actor=identity.user_id, subject=identity.user_id, session=identity.session_id, details=details
        )
        await self._audit.note(transaction, event)
