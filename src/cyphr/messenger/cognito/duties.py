"""What Cognito is still to be told: that somebody was signed out, suspended or reinstated, or has a password no more.

It stands in the database, written by the transaction of what it tells of. So nothing is half done when Cognito cannot
be reached: the act holds here, and whichever server comes by later tells Cognito. To tell it twice does no harm.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cyphr.foundation.errors import CyphrError, NotAuthenticated
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.cognito.pool import UserPool

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

_BATCH = 50
_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Duty:
    """What is to be told of one user. ``due_at``: what is written down anew later has another. ``enabled``: None for as
    it is.
    """

    user_id: UUID
    username: str
    due_at: datetime
    enabled: bool | None
    password_reset: bool


class Duties:
    """Tells Cognito what it is to be told. ``pool``: None where there is none."""

    def __init__(self, switchboard: Switchboard, pool: UserPool | None) -> None:
        self._switchboard = switchboard
        self._pool = pool

    async def settle(self, user_id: UUID) -> None:
        """Tell what is due of one person, now. Never raises: what cannot be told now is told by ``sweep``."""
        if self._pool is None:
            return
        try:
            for duty in await self._due(user_id):
                await self._tell(self._pool, duty)
        except CyphrError as error:
            _logger.warning("Cognito could not be told; it will be later: %s", error)

    async def sweep(self) -> int:
        """Tell everything that is due, the oldest first; of how many people. Raises Unavailable or RateLimited."""
        told = 0
        while self._pool is not None and (duties := await self._due(None)):
            for duty in duties:
                await self._tell(self._pool, duty)
            told += len(duties)
        return told

    async def sweep_for_ever(self) -> None:
        """Sweep every half minute until cancelled. What goes wrong is logged and tried again."""
        while self._pool is not None:
            try:
                await self.sweep()
            except Exception as error:
                _logger.error("Cognito could not be told what is due; acts hold here meanwhile", exc_info=error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _due(self, user_id: UUID | None) -> list[Duty]:
        async def work(transaction: Transaction) -> list[Duty]:
            return await transaction.fetch_all(Duty, _queries.list_duties, user_id=user_id, limit=_BATCH)

        return await self._switchboard.unit_of_work(None, work)

    async def _tell(self, pool: UserPool, duty: Duty) -> None:
        try:
            if duty.password_reset:
                await pool.set_password(duty.username, None)
            await pool.sign_out(duty.username)
            if duty.enabled is not None:
                await pool.set_enabled(duty.username, enabled=duty.enabled)
        except NotAuthenticated:
            _logger.info("the pool has no user %s any more; nothing is to be told of it", duty.username)

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.settle_duty, user_id=duty.user_id, due_at=duty.due_at, enabled=duty.enabled
            )

        await self._switchboard.unit_of_work(None, work)
