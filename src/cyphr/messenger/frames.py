"""Every frame that the server sends, as a model: the schema in ``docs/reference`` is made of them, and tests hold real
frames against them. Sending does not pass through here: an event is encoded once, where it happens.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cyphr.messenger.chats.models import Chat
from cyphr.messenger.messages.models import Message
from cyphr.messenger.realtime.models import FRAME


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid")

    v: Literal[1]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HeadsBody(_Body):
    heads: dict[UUID, int]


class ResumedBody(HeadsBody):
    changes: dict[UUID, int]
    user_id: UUID


class ResumeDone(_Event):
    """All that was missed has been sent. ``heads`` and ``changes``: the last place and the last change of each chat,
    of the newest chats when there are more than a frame holds."""

    t: Literal["resume.done"]
    d: ResumedBody


class PageBody(_Body):
    messages: list[Message]


class ResumePage(_Event):
    """Messages of one chat that were missed, in order; as many as fit a frame."""

    t: Literal["resume.page"]
    chat: UUID
    d: PageBody


class ResumeMore(_Event):
    """The server stops here for now: say ``resume`` with what is held, and it goes on."""

    t: Literal["resume.more"]


class Resync(_Event):
    """Too much was missed in these chats: load them anew over HTTP. ``heads``: their last places."""

    t: Literal["resync"]
    d: HeadsBody


class AckBody(_Body):
    seq: int
    message_id: UUID | None = None
    ts: datetime | None = None


class Acknowledged(_Event):
    """What the client called ``id`` is committed. ``message_id`` and ``ts``: a message's. A repeated ``id`` gets the
    first acknowledgement again."""

    t: Literal["ack"]
    id: UUID
    chat: UUID
    d: AckBody


class MessageBody(_Body):
    message: Message


class MessageSent(_Event):
    """A message. ``seq`` has no gaps within a chat: who sees one fetches it over HTTP."""

    t: Literal["msg"]
    chat: UUID
    seq: int
    ts: datetime
    sender: Annotated[UUID, Field(alias="from")]
    d: MessageBody


class ChatBody(_Body):
    chat: Chat


class ChatMade(_Event):
    """A chat that this person was added to."""

    t: Literal["chat"]
    chat: UUID
    d: ChatBody


class ReceiptBody(_Body):
    user_id: UUID
    received_seq: int
    read_seq: int


class ReceiptMoved(_Event):
    """How far a member has received and read."""

    t: Literal["receipt"]
    chat: UUID
    d: ReceiptBody


class PersonBody(_Body):
    user_id: UUID


class SomebodyTypes(_Event):
    """A member is typing; believe it for six seconds. Never stored, and dropped first when a client is slow."""

    t: Literal["typing"]
    chat: UUID
    d: PersonBody


class Pong(_Event):
    """The answer to ``ping``."""

    t: Literal["pong"]


class SlowBody(_Body):
    retry_ms: int


class SlowDown(_Event):
    """Too many sends, or too many unacknowledged: nothing was stored; send ``id`` again after ``retry_ms``."""

    t: Literal["slow"]
    id: UUID
    d: SlowBody


class ErrorBody(_Body):
    code: str
    message: str
    retryable: bool


class Failed(_Event):
    """A frame was refused; codes are those of [errors](errors.md). ``id`` is the frame's, as far as it had one."""

    t: Literal["error"]
    id: str | None = None
    d: ErrorBody


class ByeBody(_Body):
    code: int


class Bye(_Event):
    """The server closes the connection now, with this close code; not every way to a server carries the code itself."""

    t: Literal["bye"]
    d: ByeBody


ServerFrame = Annotated[
    ResumeDone
    | ResumePage
    | ResumeMore
    | Resync
    | Acknowledged
    | MessageSent
    | ChatMade
    | ReceiptMoved
    | SomebodyTypes
    | Pong
    | SlowDown
    | Failed
    | Bye,
    Field(discriminator="t"),
]

SERVER_FRAME: TypeAdapter[Any] = TypeAdapter(ServerFrame)


def schema() -> dict[str, Any]:
    """JSON Schema: ``ClientFrame``, ``ServerFrame`` and all that they are made of are in ``$defs``."""
    definitions: dict[str, Any] = {}
    adapters: dict[str, TypeAdapter[Any]] = {"ClientFrame": FRAME, "ServerFrame": SERVER_FRAME}
    for name, adapter in adapters.items():
        made = adapter.json_schema()
        definitions |= made.pop("$defs")
        definitions[name] = made
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frames of the WebSocket /v1/ws",
        "$defs": dict(sorted(definitions.items())),
    }
