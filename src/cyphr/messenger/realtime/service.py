"""A WebSocket that this process holds, from its hello to its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from cyphr.foundation.errors import Conflict, CyphrError, NotAuthenticated, Unavailable
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.realtime.connections import (
    NOT_AUTHENTICATED,
    TRY_AGAIN,
    Connection,
    Connections,
    Disconnected,
    Socket,
)
from cyphr.messenger.realtime.conversation import Conversation
from cyphr.messenger.realtime.exchange import Exchange, Refused, parse
from cyphr.messenger.realtime.models import Hello
from cyphr.messenger.realtime.processes import Consignment, Undelivered
from cyphr.messenger.realtime.table import ConnectionTable, Place

_logger = logging.getLogger(__name__)


EXTENSION = "cyphr.socket"
"""The name in an ASGI scope's ``extensions`` under which ``realtime.protocol.RealtimeProtocol`` gives itself."""


class ClientSocket(Socket, Protocol):
    """An accepted WebSocket."""

    async def next_frame(self) -> str | bytes:
        """What the client says next; not once the socket is taken over. Raises Disconnected."""
        ...

    async def send_text(self, text: str) -> None:
        """Send a text message once the client takes more. Raises Disconnected."""
        ...

    def take_over(
        self,
        take: Callable[[str | bytes], None],
        go_on: Callable[[], None],
        leave: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """From now on give frames to ``take``; call ``go_on`` when the client takes more again, ``leave`` when it has
        gone.
        """
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
        most_coming: int,
        table: ConnectionTable | None = None,
        endpoint: str = "",
    ) -> None:
        """``most_coming``: clients that the database is asked for at once because they come; the others wait, and leave
        room for who is there. ``table``: where other servers look for our connections, which are reached at
        ``endpoint``.
        """
        self._exchange = exchange
        self._connections = connections
        self._presence = presence
        self._sends = sends
        self._queue_length = queue_length
        self._greeting_seconds = greeting_seconds
        self._entrance = asyncio.Semaphore(most_coming)
        self._table = table
        self._endpoint = endpoint

    async def serve(self, socket: ClientSocket) -> None:
        """Greet and resume. What the client says afterwards, and its end, the socket itself calls for."""
        try:
            async with asyncio.timeout(self._greeting_seconds):
                said = await socket.next_frame()
            # Outside of that time: who said hello soon enough waits with everybody while the database moves.
            frame = parse(said)
            async with self._entrance:
                if not socket.takes_more:  # it has lost patience meanwhile
                    return
                hello, identity = await self._exchange.greet(frame)
                connection = Connection(socket, identity, queue_length=self._queue_length)
                await self._register(connection)
        except (TimeoutError, NotAuthenticated, Refused):
            socket.end(NOT_AUTHENTICATED)
        except CyphrError:
            socket.end(TRY_AGAIN)
        except Disconnected:
            return
        else:
            conversation = Conversation(connection, self._exchange, self._presence, self._sends)
            self._presence.connected(connection)
            socket.take_over(conversation.take, connection.send_queued, partial(self._leave, connection, conversation))
            await self._resume(socket, connection, hello)

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

    async def _leave(self, connection: Connection, conversation: Conversation) -> None:
        await self._forget(connection)
        await conversation.finish()
        self._presence.gone(connection)

    async def _resume(self, socket: ClientSocket, connection: Connection, hello: Hello) -> None:
        """Send what this client has missed, as fast as it takes it; then what has come for it meanwhile."""
        resume = self._exchange.resume(connection.identity, hello.d.heads, hello.d.changes)
        frames = resume.frames()
        try:
            while (frame := await self._next(frames)) is not None:
                await socket.send_text(frame)
            connection.skip_resumed(resume.heads)
            await socket.send_text(resume.done())
            connection.open()
        except CyphrError:
            # What the resume needed is out of reach: the client comes again.
            connection.end(TRY_AGAIN)
        except Disconnected:
            return

    async def _next(self, frames: AsyncIterator[str]) -> str | None:
        # In turn for each: one that takes its frames slowly keeps nobody waiting.
        async with self._entrance:
            return await anext(frames, None)


def _place(connection: Connection, endpoint: str) -> Place:
    identity = connection.identity
    return Place(connection.id, str(connection.id), endpoint, identity.user_id, identity.session_id)
