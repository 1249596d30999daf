"""Connections of this process, and the postman that knows only them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from cyphr.foundation.ids import uuid7
from cyphr.messenger.messages.postman import Event, EventKind
from cyphr.messenger.sessions.models import Identity

TOO_BIG = 1009
TRY_AGAIN = 1013
NOT_AUTHENTICATED = 4401

_CROWD = 32


class Disconnected(Exception):
    """The client has gone."""


class Socket(Protocol):
    """What a connection needs of a WebSocket. Nothing of it raises."""

    @property
    def takes_more(self) -> bool:
        """Whether the client reads, as far as can be told."""
        ...

    def write_text(self, text: str) -> None:
        """Send a text message, together with others that come in this moment."""
        ...

    def flush(self) -> None:
        """Send what was written, without waiting for what else this moment brings."""
        ...

    def end(self, code: int) -> None:
        """Say ``bye`` and close."""
        ...


class Connection:
    """One client. Events are written at once; while the client takes none they wait in a bounded queue.

    A queue that fills drops typing and presence, keeps only the newest receipt of each member, and never drops a
    message: it ends the connection with 1013 instead, and the client resumes from what it holds.
    """

    __slots__ = ("_bound", "_is_open", "_left", "_queue", "_socket", "ended", "id", "identity", "moved")

    def __init__(self, socket: Socket, identity: Identity, *, queue_length: int) -> None:
        self.id = uuid7()
        self.identity = identity
        self.ended: int | None = None
        """The close code, once the server wants this connection closed."""
        self._socket = socket
        self._bound = queue_length
        self._queue: OrderedDict[object, Event | str] = OrderedDict()
        self._is_open = False
        self._left: set[UUID] = set()
        self.moved: set[UUID] = set()
        """Chats whose members may have changed since whoever remembers them looked last, and took the chat out."""

    def push(self, event: Event) -> None:
        """Queue an event of a chat."""
        kind = event.kind
        if self._left:
            if kind is EventKind.CHAT:
                self._left.discard(event.chat_id)
            elif event.chat_id in self._left:
                # A receipt or typing whose members were read before this person left.
                return
        if kind is EventKind.LEFT:
            self._left.add(event.chat_id)
        if event.moves_members:
            self.moved.add(event.chat_id)
        if self._is_open and not self._queue and self._socket.takes_more:
            self._socket.write_text(event.text)
            return
        key: object = object()
        if event.about is not None:
            key = (kind, event.chat_id, event.about)
        if key not in self._queue and len(self._queue) >= self._bound:
            if kind in (EventKind.TYPING, EventKind.PRESENCE):
                return
            self.end(TRY_AGAIN)
        self._put(key, event)

    def flush(self) -> None:
        """Send what was pushed, without waiting for what else this moment brings."""
        self._socket.flush()

    def answer(self, text: str) -> None:
        """Send the answer to something that this client sent. One that asks and never reads is ended too."""
        if self._is_open and not self._queue and self._socket.takes_more:
            self._socket.write_text(text)
            return
        if len(self._queue) >= 2 * self._bound:
            self.end(TRY_AGAIN)
        self._put(object(), text)

    def end(self, code: int) -> None:
        """Close the connection with ``code``; the first code counts."""
        if self.ended is None:
            self.ended = code
            self._queue.clear()
            self._socket.end(code)

    def skip_resumed(self, heads: Mapping[UUID, int]) -> None:
        """Forget queued messages that a resume has sent already."""
        for key, event in list(self._queue.items()):
            if (
                isinstance(event, Event)
                and event.kind is EventKind.MESSAGE
                and event.seq <= heads.get(event.chat_id, 0)
            ):
                del self._queue[key]

    def open(self) -> None:
        """Send what has been waiting for the resume to end, and from now on at once."""
        self._is_open = True
        self.send_queued()

    def send_queued(self) -> None:
        """Send what is queued, as far as the client takes it."""
        while self._is_open and self._queue and self._socket.takes_more:
            _, event = self._queue.popitem(last=False)
            self._socket.write_text(event if isinstance(event, str) else event.text)

    def _put(self, key: object, event: Event | str) -> None:
        if self.ended is None:
            self._queue[key] = event


class Connections:
    """Every connection of this process, by person; delivers in memory."""

    def __init__(self) -> None:
        self._by_user: dict[UUID, dict[UUID, Connection]] = {}
        self._by_address: dict[str, Connection] = {}

    def add(self, connection: Connection) -> None:
        self._by_user.setdefault(connection.identity.user_id, {})[connection.id] = connection
        self._by_address[str(connection.id)] = connection

    def all(self) -> Collection[Connection]:
        """Every connection, as of now."""
        return tuple(self._by_address.values())

    def find(self, address: str) -> Connection | None:
        """One connection by its id as text, if it is still there."""
        return self._by_address.get(address)

    def remove(self, connection: Connection) -> None:
        mine = self._by_user.get(connection.identity.user_id, {})
        mine.pop(connection.id, None)
        self._by_address.pop(str(connection.id), None)
        if not mine:
            self._by_user.pop(connection.identity.user_id, None)

    async def who_is_connected(self, people: Iterable[UUID]) -> frozenset[UUID]:
        """Those of ``people`` who have a connection now; see ``presence.service.Whereabouts``."""
        return frozenset(user_id for user_id in people if user_id in self._by_user)

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """Close the connections of a session that was revoked."""
        for connection in self._by_user.get(user_id, {}).values():
            if connection.identity.session_id == session_id:
                connection.end(NOT_AUTHENTICATED)

    async def deliver(self, recipients: Collection[UUID], event: Event, *, except_for: UUID | None = None) -> None:
        """Queue ``event`` on every connection of ``recipients``; see ``messages.postman.Postman``.

        Each of a crowd is sent it at once. At the end of the moment would be later than it seems: the loop listens
        first to whoever has something to say, and those who are sent it first have: that it is there (decision 86).
        """
        excepted = None if except_for is None else self.find(str(except_for))
        is_crowd = len(recipients) >= _CROWD
        for user_id in recipients:
            theirs = self._by_user.get(user_id)
            if theirs is not None:
                for connection in theirs.values():
                    if connection is not excepted:
                        connection.push(event)
                        if is_crowd:
                            connection.flush()
