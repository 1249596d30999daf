"""Telling people by mail what was done to their account: the one way that a thief of a session does not control."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cyphr.foundation.errors import CyphrError
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Letter:
    """What is mailed. ``code``: what the reader is to type, None in a letter that only tells."""

    subject: str
    text: str
    code: str | None = None

    @property
    def body(self) -> str:
        """The code stands alone on the first line, so that people and programs find it."""
        return self.text if self.code is None else f"{self.code}\n\n{self.text}"


class Post(Protocol):
    """Sends mail."""

    async def send(self, to: str, letter: Letter) -> None:
        """Mail ``letter``. Raises Unavailable."""
        ...


class Notices:
    """Tells a person at the address of their account, after what it tells of is committed."""

    def __init__(self, switchboard: Switchboard, post: Post) -> None:
        self._switchboard = switchboard
        self._post = post

    async def tell(self, user_id: UUID, subject: str, text: str) -> None:
        """Mail it, if the account has an address. Never raises: what was done is done, told or not."""

        async def work(transaction: Transaction) -> str | None:
            email: str | None = await transaction.fetch_value(_queries.read_own_email, user_id=user_id)
            return email

        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                email = await self._switchboard.unit_of_work(user_id, work)
                if email is not None:
                    await self._post.send(email, Letter(subject, text))
        except (CyphrError, TimeoutError) as error:
            _logger.warning("a notice was not mailed", extra={"context": {"subject": subject, "why": str(error)}})
