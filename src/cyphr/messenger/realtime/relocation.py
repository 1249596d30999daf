"""While realtime is migrated: where clients are to connect, and sending those who are on the other side there.

Two endpoints serve and deliver all the while. Which of them clients should be at is the switchboard's row ``realtime``.
A process looks every second; a function looks at each hello. Nobody is cut off: a client is told, and goes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Protocol
from uuid import UUID

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, Transaction
from cyphr.foundation.settings import RealtimeSettings
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.postman import NO_CHAT, Event, EventKind, encode
from cyphr.messenger.realtime.connections import Connections
from cyphr.messenger.realtime.processes import SCHEME
from cyphr.messenger.realtime.table import Place

_logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


class Register(Protocol):
    """Everybody's connections: ``realtime.table.ConnectionTable``."""

    def list_all(self) -> AsyncIterator[list[Place]]: ...


class Post(Protocol):
    """What posts to them: ``realtime.delivery.Delivery``."""

    async def post(self, event: Event, places: Iterable[Place]) -> list[Place]: ...


class Relocation:
    """Knows both addresses. Without a second one it sends nobody anywhere."""

    def __init__(
        self,
        switchboard: Switchboard,
        settings: RealtimeSettings,
        connections: Connections,
        register: Register | None = None,
        post: Post | None = None,
    ) -> None:
        """``register`` and ``post``: how connections of API Gateway are found and told."""
        self._switchboard = switchboard
        self._settings = settings
        self._connections = connections
        self._register = register
        self._post = post
        self._told: set[UUID] = set()
        self._called = False

    async def address(self) -> str | None:
        """Where clients should connect; None: ``/v1/ws`` of wherever the API is. Raises Unavailable."""
        return self._settings.url if await self._stands_here() else self._settings.other_url

    async def farewell(self) -> str | None:
        """What a client that is here should be told: ``reconnect``, or nothing. Raises Unavailable."""
        return None if await self._stands_here() else self._reconnect(self._settings.other_url).text

    async def run(self) -> None:
        """Tell this process's connections, and call those of API Gateway back, whenever realtime moves. For ever."""
        if self._settings.other_url is None:
            return
        while True:
            try:
                await self.look()
            except Unavailable as error:
                _logger.warning("where realtime stands cannot be read, or be told to everybody: %s", error)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, and tell whoever has not been told since the last move. Raises Unavailable."""
        if await self._stands_here():
            self._told.clear()
            if not self._called:
                await self._call_back()
                self._called = True
            return
        self._called = False
        event = self._reconnect(self._settings.other_url)
        present = {connection.id: connection for connection in self._connections.all()}
        self._told &= present.keys()
        for connection_id in present.keys() - self._told:
            present[connection_id].push(event)
            self._told.add(connection_id)

    async def _call_back(self) -> None:
        # A function that registers a connection later than this reads the switchboard after it, and tells it itself.
        if self._register is None or self._post is None:
            return
        event = self._reconnect(self._settings.url)
        async for places in self._register.list_all():
            await self._post.post(event, [place for place in places if not place.endpoint.startswith(SCHEME)])

    async def _stands_here(self) -> bool:
        own = self._settings.side
        if own is None:
            return True

        async def work(transaction: Transaction) -> bool:
            # No row: nobody has begun to migrate it, so clients stay where they are.
            return transaction.sides.get("realtime", Side.SUPABASE) == own

        return await self._switchboard.unit_of_work(None, work)

    def _reconnect(self, url: str | None) -> Event:
        d = {"url": url, "within_ms": round(self._settings.move_seconds * 1000)}
        return Event(EventKind.RECONNECT, NO_CHAT, encode("reconnect", d=d))
