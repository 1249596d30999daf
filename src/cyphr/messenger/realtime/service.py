"""A WebSocket from its hello to its end."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from cyphr.foundation.errors import CyphrError, NotAuthenticated
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.messages.service import LONGEST_PAGE, Messages, encode_message
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, TRY_AGAIN, Connection, Connections
from cyphr.messenger.realtime.conversation import Conversation
from cyphr.messenger.realtime.models import FRAME, Hello
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.service import Sessions

_HELLO_SECONDS = 10.0


class Disconnected(Exception):
    """The client has gone."""


class ClientSocket(Protocol):
    """An accepted WebSocket. ``receive`` and ``send_text`` raise Disconnected."""

    async def receive(self) -> str | bytes: ...

    async def send_text(self, data: str) -> None: ...

    async def close(self, code: int) -> None: ...


class Realtime:
    """Serves WebSockets."""

    def __init__(
        self,
        sessions: Sessions,
        messages: Messages,
        connections: Connections,
        presence: Presence,
        *,
        queue_length: int,
    ) -> None:
        self._sessions = sessions
        self._messages = messages
        self._connections = connections
        self._presence = presence
        self._queue_length = queue_length

    async def serve(self, socket: ClientSocket) -> None:
        """Greet, resume, converse, until the client goes or the server ends it."""
        try:
            greeting = await self._greet(socket)
        except (TimeoutError, NotAuthenticated, ValidationError):
            await socket.close(NOT_AUTHENTICATED)
            return
        except CyphrError:
            await socket.close(TRY_AGAIN)
            return
        except Disconnected:
            return
        identity, heads = greeting
        connection = Connection(socket, identity, queue_length=self._queue_length)
        conversation = Conversation(connection, self._messages, self._connections, self._presence)
        # Registered before the resume reads: what is stored from now on waits in the queue, so nothing falls between.
        self._connections.add(connection)
        self._presence.connected(connection)
        try:
            await self._until_the_end(socket, connection, conversation, heads)
        finally:
            self._connections.remove(connection)
            await conversation.finish()
            self._presence.gone(connection)

    async def _greet(self, socket: ClientSocket) -> tuple[Identity, Mapping[UUID, int]]:
        async with asyncio.timeout(_HELLO_SECONDS):
            frame = FRAME.validate_json(await socket.receive())
            if not isinstance(frame, Hello):
                raise NotAuthenticated("the first frame must be hello")
            return await self._sessions.identify(frame.d.token), frame.d.heads

    async def _until_the_end(
        self, socket: ClientSocket, connection: Connection, conversation: Conversation, heads: Mapping[UUID, int]
    ) -> None:
        async def speak() -> None:
            await self._resume(socket, connection, heads)
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

    async def _resume(self, socket: ClientSocket, connection: Connection, held: Mapping[UUID, int]) -> None:
        """Send what this client has missed, chat by chat, page by page, as fast as it takes it."""
        heads: dict[UUID, int] = {}
        for chat in await self._messages.list_heads(connection.identity.user_id):
            place = max(held.get(chat.chat_id, 0), chat.visible_from_seq)
            more = place < chat.last_seq
            while more:
                page = await self._messages.read_history(
                    connection.identity.user_id, chat.chat_id, after=place, limit=LONGEST_PAGE
                )
                for message in page.messages:
                    await socket.send_text(encode_message(message))
                    place = message.seq
                more = page.more
            heads[chat.chat_id] = place
        connection.skip_resumed(heads)
        done = {"heads": {str(chat_id): seq for chat_id, seq in heads.items()}, "user_id": connection.identity.user_id}
        await socket.send_text(encode("resume.done", d=done))
