"""What the server does about one frame of one client. It remembers nothing between two frames, so it serves a process
that holds the socket and a function that is called for each frame alike.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from cyphr.foundation.errors import CyphrError, NotAuthenticated
from cyphr.messenger.messages.models import Ack, Watermark
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode
from cyphr.messenger.messages.service import Messages
from cyphr.messenger.realtime.models import FRAME, Continue, Frame, Hello, Receipt, Send
from cyphr.messenger.realtime.resume import Resume
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.service import Sessions

_logger = logging.getLogger(__name__)


class Refused(Exception):
    """A frame that makes no sense. ``answer``: the ``error`` frame for its sender."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class Exchange:
    """Handles frames. Its answers are texts of frames; nothing of it raises but what its docstrings say."""

    def __init__(self, sessions: Sessions, messages: Messages, postman: Postman, *, longest_resume: int) -> None:
        self._sessions = sessions
        self._messages = messages
        self._postman = postman
        self._longest_resume = longest_resume

    async def greet(self, frame: Frame) -> tuple[Hello, Identity]:
        """Who says hello. Raises NotAuthenticated, or Unavailable when that cannot be asked."""
        if not isinstance(frame, Hello):
            raise NotAuthenticated("the first frame must be hello")
        return frame, await self._sessions.identify(frame.d.token)

    def resume(self, identity: Identity, heads: Mapping[UUID, int], changes: Mapping[UUID, int]) -> Resume:
        """What this person's client has missed since ``heads`` and ``changes``."""
        return Resume(self._messages, identity.user_id, heads, changes, longest=self._longest_resume)

    async def send(self, identity: Identity, connection: UUID, frame: Send) -> str:
        """Store a message: ``ack`` or ``error``."""
        outcome = self.start(identity, connection, frame)
        await asyncio.wait([outcome])
        return acknowledge(frame, outcome)

    def start(self, identity: Identity, connection: UUID, frame: Send) -> asyncio.Future[tuple[Ack, bool]]:
        """Begin to store a message. Once that has ended, ``acknowledge`` has the answer."""
        return self._messages.start(identity.user_id, frame.chat, frame.id, frame.d, connection=connection)

    async def advance(self, identity: Identity, connection: UUID, receipts: Collection[Receipt]) -> list[str]:
        """Raise the watermarks that these receipts name, in one transaction; an answer for each that has an id."""
        outcome = self.start_advance(identity, connection, receipts)
        await asyncio.wait([outcome])
        return confirm(receipts, outcome)

    def start_advance(
        self, identity: Identity, connection: UUID, receipts: Collection[Receipt]
    ) -> asyncio.Future[None]:
        """Begin to raise these watermarks. Once that has ended, ``confirm`` has the answers."""
        watermarks: dict[UUID, Watermark] = {}
        for frame in receipts:
            held = watermarks.setdefault(frame.chat, Watermark(chat_id=frame.chat))
            held.received_seq = max(held.received_seq, frame.d.seq)
            if frame.t == "read":
                held.read_seq = max(held.read_seq, frame.d.seq)
        return self._messages.start_advance(identity.user_id, watermarks.values(), connection=connection)

    async def list_members(self, identity: Identity, chat_id: UUID) -> frozenset[UUID]:
        """Who would hear of this person's typing. Raises NotFound or Unavailable."""
        return await self._messages.list_members(identity.user_id, chat_id)

    async def relay_typing(self, identity: Identity, chat_id: UUID, members: frozenset[UUID]) -> None:
        """Tell the other members that this person is typing."""
        text = encode("typing", chat_id, d={"user_id": identity.user_id})
        event = Event(EventKind.TYPING, chat_id, text, about=identity.user_id)
        await self._postman.deliver(members - {identity.user_id}, event)


def parse(data: str | bytes) -> Frame:
    """A client's frame, which whoever took it from the socket has found small enough. Raises Refused."""
    try:
        return FRAME.validate_json(data)
    except ValidationError as error:
        raise Refused(refusal(_id_of(data), "invalid_input", _explain(error), retryable=False)) from error


def acknowledge(frame: Send, outcome: asyncio.Future[tuple[Ack, bool]]) -> str:
    """The answer to a message whose storing has ended: ``ack`` or ``error``."""
    try:
        ack, _ = outcome.result()
    except Exception as error:
        return failure(frame.id, error)
    d = {"message_id": ack.message_id, "seq": ack.seq, "ts": ack.ts}
    return encode("ack", ack.chat_id, id=ack.id, d=d)


def confirm(receipts: Iterable[Receipt], outcome: asyncio.Future[None]) -> list[str]:
    """The answers to those receipts that have an id, now that raising their watermarks has ended."""
    asked = [frame for frame in receipts if frame.id is not None]
    error = outcome.exception()
    if error is None:
        return [encode("ack", frame.chat, id=frame.id, d={"seq": frame.d.seq}) for frame in asked]
    return [failure(frame.id, error) for frame in asked]


def slow_down(frame: Send, seconds: float) -> str:
    """The answer to a message that comes too fast: nothing was stored."""
    return encode("slow", id=frame.id, d={"retry_ms": max(1, round(seconds * 1000))})


def out_of_turn(frame: Hello | Continue) -> str:
    """The answer to a frame that this connection has no place for now."""
    reason = "hello is the first frame only" if frame.t == "hello" else "resume only answers resume.more"
    return refusal(None, "invalid_input", reason, retryable=False)


def failure(frame_id: UUID | None, error: BaseException) -> str:
    """The ``error`` frame for what went wrong with a frame."""
    if isinstance(error, CyphrError):
        return refusal(frame_id, error.code, error.message, retryable=error.retryable)
    _logger.error("a frame could not be handled", exc_info=error)
    return refusal(frame_id, "error", "something went wrong on the server", retryable=False)


def refusal(frame_id: UUID | str | None, code: str, message: str, *, retryable: bool) -> str:
    """An ``error`` frame."""
    return encode("error", id=frame_id, d={"code": code, "message": message, "retryable": retryable})


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
