"""Sessions that began at another issuer: whose they are, and the row that each gets here on first sight."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from cyphr.foundation.errors import NotAuthenticated
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.sessions.verifier import Proof

_queries = load_queries(__package__)

_REFUSALS = {
    "unknown": "this account is not known here; register, or sign in with another",
    "challenge": "this account has a second factor; exchange the token at /v1/sessions/exchange",
}


@dataclass(frozen=True)
class _Adoption:
    """What a token of another issuer comes to: ``live``, ``ended``, ``challenge`` or ``unknown``. ``fresh``: nobody
    knew its session before.
    """

    outcome: str
    user_id: UUID | None
    fresh: bool


class Adoptions:
    """Finds the account behind what another issuer's token proves."""

    def __init__(self, switchboard: Switchboard, audit: Audit) -> None:
        self._switchboard = switchboard
        self._audit = audit

    async def adopt(self, proof: Proof) -> UUID:
        """Whose it is; its session is one of ours from now on, and noted when it is new. Raises NotAuthenticated."""
        return await self._account_of(proof, _queries.adopt_session)

    async def find(self, proof: Proof) -> UUID:
        """Whose it is that is to be exchanged; nothing is written down. Raises NotAuthenticated."""
        return await self._account_of(proof, _queries.exchangeable)  # whether a factor is wanted says ``admit``

    async def note_exchange(self, proof: Proof, user_id: UUID) -> None:
        """Let the session there end within a minute: it was exchanged for one of ours."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.note_exchange, session_id=proof.session_id, user_id=user_id, method=proof.issuer
            )

        await self._switchboard.unit_of_work(None, work)

    async def _account_of(self, proof: Proof, query: LiteralString) -> UUID:
        async def work(transaction: Transaction) -> _Adoption:
            adoption = await transaction.fetch_one(
                _Adoption,
                query,
                session_id=proof.session_id,
                issuer=proof.issuer,
                subject=proof.subject,
                began_at=proof.began_at,
                expires_at=proof.expires_at,
                strong=proof.strong,
            )
            assert adoption is not None
            if adoption.fresh:
                await self._audit.note(transaction, _opened(proof, adoption.user_id))
            return adoption

        adoption = await self._switchboard.unit_of_work(None, work)
        if adoption.outcome != "live" or adoption.user_id is None:
            raise NotAuthenticated(_REFUSALS.get(adoption.outcome, "this session has ended; sign in"))
        return adoption.user_id


def _opened(proof: Proof, user_id: UUID | None) -> SecurityEvent:
    return SecurityEvent(
        kind="session.opened",
        actor=user_id,
        subject=user_id,
        session=proof.session_id,
        details={"method": proof.issuer, "began_at": proof.began_at.isoformat()},
    )
