"""A WebSocket that this process holds, from its hello to its end."""

import asyncio
import logging
from typing import Any, Protocol

from cyphr.foundation.errors import Conflict, CyphrError, NotAuthenticated, Unavailable
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, TRY_AGAIN, Connection, Connections
from cyphr.messenger.realtime.conversation import Conversation
from cyphr.messenger.realtime.exchange import Exchange, Refused, parse
from cyphr.messenger.realtime.models import Hello
from cyphr.messenger.realtime.processes import Consignment, Undelivered
from cyphr.messenger.realtime.table import ConnectionTable, Place

_logger = logging.getLogger(__name__)


class Disconnected(Exception):
    """The client has gone."""


class ClientSocket(Protocol):
    """An accepted WebSocket. ``receive`` and ``send_text`` raise Disconnected."""

    async def receive(self) -> str | bytes: ...

    async def send_text(self, data: str) -> None: ...

    async def close(self, code: int) -> None:
        """Say ``bye`` and close. Never raises."""
        ...


class Realtime:
    """Serves WebSockets."""

    def __init__(
        self,
        exchange: Exchange,
        connections: Connections,
        presence: Presence,
        sends: TokenBuckets,
        *,
        queue_length: int,
        greeting_seconds: float,
        table: ConnectionTable | None = None,
        endpoint: str = "",
    ) -> None:
        """``table``: where other servers look for our connections, which are reached at ``endpoint``."""
        self._exchange = exchange
        self._connections = connections
        self._presence = presence
        self._sends = sends
        self._queue_length = queue_length
        self._greeting_seconds = greeting_seconds
        self._table = table
        self._endpoint = endpoint

    async def serve(self, socket: ClientSocket) -> None:
        """Greet, resume, converse, until the client goes or the server ends it."""
        try:
            async with asyncio.timeout(self._greeting_seconds):
                hello, identity = await self._exchange.greet(parse(await socket.receive()))
            connection = Connection(socket, identity, queue_length=self._queue_length)
            await self._register(connection)
        except (TimeoutError, NotAuthenticated, Refused):
            await socket.close(NOT_AUTHENTICATED)
        except CyphrError:
            await socket.close(TRY_AGAIN)
        except Disconnected:
            return
        else:
            conversation = Conversation(connection, self._exchange, self._presence, self._sends)
            self._presence.connected(connection)
            try:
                await self._until_the_end(socket, connection, conversation, hello)
            finally:
                await self._forget(connection)
                await conversation.finish()
                self._presence.gone(connection)

    def accept(self, consignment: Consignment) -> Undelivered:
        """Deliver what another server has for connections of this process."""
        gone: list[str] = []
        for address in consignment.addresses:
            connection = self._connections.find(address)
            if connection is None:
                gone.append(address)
            elif consignment.event is not None:
                connection.push(consignment.event)
            elif consignment.code is not None:
                connection.end(consignment.code)
        return Undelivered(gone=gone)

    async def _register(self, connection: Connection) -> None:
        # Before the resume reads: what is stored from now on waits in the queue, so nothing falls between.
        self._connections.add(connection)
        if self._table is not None:
            try:
                await self._table.register(_place(connection, self._endpoint), admitted=False)
            except (Conflict, Unavailable):
                self._connections.remove(connection)
                raise

    async def _forget(self, connection: Connection) -> None:
        self._connections.remove(connection)
        if self._table is not None:
            try:
                await self._table.remove(str(connection.id))
            except Unavailable as error:  # found gone by whoever posts to it next
                _logger.warning("a closed connection stays registered: %s", error)

    async def _until_the_end(
        self, socket: ClientSocket, connection: Connection, conversation: Conversation, hello: Hello
    ) -> None:
        async def speak() -> None:
            await self._resume(socket, connection, hello)
            await connection.send_queued()

        async def listen() -> None:
            while True:
                conversation.take(await socket.receive())

        speaking, listening = asyncio.create_task(speak()), asyncio.create_task(listen())
        ways_to_end: list[asyncio.Future[Any]] = [speaking, listening, connection.ended]
        try:
            await asyncio.wait(ways_to_end, return_when=asyncio.FIRST_COMPLETED)
        finally:
            speaking.cancel()
            listening.cancel()
            outcomes = await asyncio.gather(speaking, listening, return_exceptions=True)
        if connection.ended.done():
            await socket.close(connection.ended.result())
        for outcome in outcomes:
            if isinstance(outcome, CyphrError):
                # What the resume needed is out of reach: the client comes again.
                await socket.close(TRY_AGAIN)
            elif isinstance(outcome, Exception) and not isinstance(outcome, Disconnected):
                raise outcome

    async def _resume(self, socket: ClientSocket, connection: Connection, hello: Hello) -> None:
        """Send what this client has missed, as fast as it takes it."""
        resume = self._exchange.resume(connection.identity, hello.d.heads, hello.d.changes)
        async for frame in resume.frames():
            await socket.send_text(frame)
        connection.skip_resumed(resume.heads)
        await socket.send_text(resume.done())


def _place(connection: Connection, endpoint: str) -> Place:
    identity = connection.identity
    return Place(connection.id, str(connection.id), endpoint, identity.user_id, identity.session_id)
