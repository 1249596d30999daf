"""What one client says after its hello, and what the server does about it."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import CyphrError
from cyphr.messenger.messages.models import Watermark
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode
from cyphr.messenger.messages.service import Messages
from cyphr.messenger.realtime.connections import Connection
from cyphr.messenger.realtime.models import FRAME, Hello, Ping, Receipt, Send, Typing

_logger = logging.getLogger(__name__)

_MOST_UNACKNOWLEDGED = 32
_SLOW_DOWN_MS = 250
_TYPING_SECONDS = 3.0
_MEMBERS_BELIEVED_SECONDS = 30.0
_MOST_CHATS_REMEMBERED = 1024


@dataclass
class _TypedIn:
    """A chat that this client types in: who hears of it, and when it was last relayed."""

    members: frozenset[UUID]
    believed_until: float
    relayed_at: float


class Conversation:
    """Handles the frames of one connection. Sends run side by side, so that one slow chat does not hold up another."""

    def __init__(self, connection: Connection, messages: Messages, postman: Postman) -> None:
        self._connection = connection
        self._user_id = connection.identity.user_id
        self._messages = messages
        self._postman = postman
        self._sends: set[asyncio.Task[None]] = set()
        self._others: set[asyncio.Task[None]] = set()
        self._watermarks: dict[UUID, Watermark] = {}
        self._to_acknowledge: list[Receipt] = []
        self._moving = False
        self._typed_in: dict[UUID, _TypedIn] = {}

    def take(self, data: str | bytes) -> None:
        """Begin to handle one frame. Never raises: a bad frame is answered with ``error``."""
        try:
            frame = FRAME.validate_json(data)
        except ValidationError as error:
            self._refuse(_id_of(data), "invalid_input", _explain(error), retryable=False)
            return
        match frame:
            case Send():
                self._take_send(frame)
            case Receipt():
                self._take_receipt(frame)
            case Typing():
                self._take_typing(frame)
            case Ping():
                self._connection.answer(encode("pong"))
            case Hello():
                self._refuse(None, "invalid_input", "hello is the first frame only", retryable=False)

    async def finish(self) -> None:
        """Wait for what was begun: a message under way is stored although its sender has gone."""
        while self._sends or self._others:
            await asyncio.gather(*self._sends, *self._others)

    def _take_send(self, frame: Send) -> None:
        if len(self._sends) >= _MOST_UNACKNOWLEDGED:
            self._connection.answer(encode("slow", id=frame.id, d={"retry_ms": _SLOW_DOWN_MS}))
            return
        self._begin(self._send(frame), self._sends)

    async def _send(self, frame: Send) -> None:
        try:
            ack, _ = await self._messages.send(
                self._user_id, frame.chat, frame.id, frame.d, connection=self._connection.id
            )
        except Exception as error:
            self._fail(frame.id, error)
            return
        d = {"message_id": ack.message_id, "seq": ack.seq, "ts": ack.ts}
        self._connection.answer(encode("ack", ack.chat_id, id=ack.id, d=d))

    def _take_receipt(self, frame: Receipt) -> None:
        held = self._watermarks.setdefault(frame.chat, Watermark(chat_id=frame.chat))
        held.received_seq = max(held.received_seq, frame.d.seq)
        if frame.t == "read":
            held.read_seq = max(held.read_seq, frame.d.seq)
        if frame.id is not None:
            self._to_acknowledge.append(frame)
        # Whatever comes while a transaction is under way shares the next one.
        if not self._moving:
            self._moving = True
            self._begin(self._move_watermarks(), self._others)

    async def _move_watermarks(self) -> None:
        try:
            while self._watermarks:
                watermarks, self._watermarks = self._watermarks, {}
                frames, self._to_acknowledge = self._to_acknowledge, []
                try:
                    await self._messages.advance(self._user_id, watermarks.values(), connection=self._connection.id)
                except Exception as error:
                    for frame in frames:
                        self._fail(frame.id, error)
                    continue
                for frame in frames:
                    self._connection.answer(encode("ack", frame.chat, id=frame.id, d={"seq": frame.d.seq}))
        finally:
            self._moving = False

    def _take_typing(self, frame: Typing) -> None:
        held = self._typed_in.get(frame.chat)
        if held is not None and held.relayed_at + _TYPING_SECONDS > monotonic():
            return
        self._begin(self._relay_typing(frame.chat), self._others)

    async def _relay_typing(self, chat_id: UUID) -> None:
        now = monotonic()
        held = self._typed_in.get(chat_id)
        try:
            if held is None or held.believed_until < now:
                if len(self._typed_in) >= _MOST_CHATS_REMEMBERED:
                    self._typed_in.clear()
                # Written down before asking, so that typing again meanwhile does not ask again.
                held = _TypedIn(frozenset(), now + _MEMBERS_BELIEVED_SECONDS, now)
                self._typed_in[chat_id] = held
                held.members = await self._messages.list_members(self._user_id, chat_id)
        except Exception as error:
            self._typed_in.pop(chat_id, None)
            self._fail(None, error)
            return
        held.relayed_at = now
        text = encode("typing", chat_id, d={"user_id": self._user_id})
        event = Event(EventKind.TYPING, chat_id, text, about=self._user_id)
        await self._postman.deliver(held.members - {self._user_id}, event)

    def _begin(self, work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _fail(self, frame_id: UUID | None, error: Exception) -> None:
        if isinstance(error, CyphrError):
            self._refuse(frame_id, error.code, error.message, retryable=error.retryable)
            return
        _logger.error("a frame could not be handled", exc_info=error)
        self._refuse(frame_id, "error", "something went wrong on the server", retryable=False)

    def _refuse(self, frame_id: UUID | str | None, code: str, message: str, *, retryable: bool) -> None:
        d = {"code": code, "message": message, "retryable": retryable}
        self._connection.answer(encode("error", id=frame_id, d=d))


def _id_of(data: str | bytes) -> str | None:
    """The id of a frame that could not be understood, as far as there is one, so that its sender can tell which."""
    try:
        frame = from_json(data)
    except ValueError:
        return None
    frame_id = frame.get("id") if isinstance(frame, dict) else None
    return frame_id if isinstance(frame_id, str) and len(frame_id) <= 64 else None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
