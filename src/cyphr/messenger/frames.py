"""Every frame that the server sends, as a model: the schema in ``docs/reference`` is made of them, and tests hold real
frames against them. Sending does not pass through here: an event is encoded once, where it happens.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cyphr.messenger.chats.models import Chat, Mine
from cyphr.messenger.drafts.models import Draft
from cyphr.messenger.messages.models import Message
from cyphr.messenger.presence.models import MemberPresence, Privacy
from cyphr.messenger.push.models import Notifications
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


class ResumeChanges(_Event):
    """Messages of one chat that changed since what the client holds, as they are now; it then holds all changes up to
    ``change``. Only of chats whose last change the client has named."""

    t: Literal["resume.changes"]
    chat: UUID
    change: int
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
    """A message. ``seq`` has no gaps within a chat: who sees one fetches it over HTTP.

    With the ``message_type`` *notice* it tells that the chat has changed, and its content is JSON: ``event`` is
    ``member_added``, ``member_joined``, ``member_left`` (with the new ``owner``, if there is one), ``member_removed``,
    ``member_banned``, ``ban_lifted``, ``role_changed`` (with ``role``), ``chat_changed`` (with ``changes``), mostly
    with ``user_ids``. Who shows the chat then fetches it anew.
    """

    t: Literal["msg"]
    chat: UUID
    seq: int
    ts: datetime
    sender: Annotated[UUID, Field(alias="from")]
    d: MessageBody


class ChangeBody(_Body):
    message: Message | None


class MessageChanged(_Event):
    """What became of a message (edited, deleted, reacted to): all of it, as it is now. ``change`` has no gaps within a
    chat: who sees one fetches ``/v1/chats/{id}/changes``. ``d.message`` is null for who may not know of it."""

    t: Literal["change"]
    chat: UUID
    change: int
    d: ChangeBody


class HiddenBody(_Body):
    message_id: UUID


class MessageHidden(_Event):
    """This person deleted a message for themselves, on another device."""

    t: Literal["hidden"]
    chat: UUID
    seq: int
    d: HiddenBody


class DraftBody(_Body):
    draft: Draft | None


class DraftKept(_Event):
    """What this person has begun to write on another device; null: nothing any more."""

    t: Literal["draft"]
    chat: UUID
    d: DraftBody


class ChatBody(_Body):
    chat: Chat


class ChatMade(_Event):
    """A chat that this person made, was added to or joined. Of many members it lists some: ``member_count`` tells how
    many there are."""

    t: Literal["chat"]
    chat: UUID
    d: ChatBody


class ChatLeft(_Event):
    """This person has left the chat, or was taken out of it, with the notice ``seq``. Nothing that is said after it is
    sent to them. What was on its way meanwhile, such as a receipt, may still come: whoever hears this takes nothing of
    the chat until ``chat`` says that they are in it again."""

    t: Literal["chat.left"]
    chat: UUID
    seq: int


class MineBody(_Body):
    mine: Mine


class ChatSettings(_Event):
    """Another connection of this person muted, pinned or archived the chat."""

    t: Literal["chat.settings"]
    chat: UUID
    d: MineBody


class ClearedBody(_Body):
    through_seq: int


class ChatCleared(_Event):
    """Another connection of this person deleted the chat for them: what it held up to this place is gone, and the chat
    is not listed until there is something after it."""

    t: Literal["chat.cleared"]
    chat: UUID
    d: ClearedBody


class ReceiptBody(_Body):
    user_id: UUID
    received_seq: int
    read_seq: int


class ReceiptMoved(_Event):
    """How far a member has received and read; ``read_seq`` is 0 when that is not shown. Neither ever falls."""

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


class PresenceBody(_Body):
    people: list[MemberPresence]


class WhoIsHere(_Event):
    """Which members of an open chat are here. All who show it at first, then each who came or went, at most every 25
    seconds. Never stored."""

    t: Literal["presence"]
    chat: UUID
    d: PresenceBody


class SettingsBody(_Body):
    privacy: Privacy | None = None
    notifications: Notifications | None = None


class OwnSettings(_Event):
    """What this person has set on one of their devices, as ``/v1/me/…`` answers it."""

    t: Literal["me.settings"]
    d: SettingsBody


class DeviceBody(_Body):
    session_id: UUID
    device: str | None
    place: str | None


class NewDevice(_Event):
    """This person signed in on a device that is new to them. ``device``: what it calls itself; ``place``: the network's
    address. If it was not they, the session can be ended at ``/v1/sessions/{id}``."""

    t: Literal["me.device"]
    d: DeviceBody


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


class ReconnectBody(_Body):
    url: str
    within_ms: int


class Reconnect(_Event):
    """Realtime stands elsewhere now. At a random moment within ``within_ms`` connect to ``url`` and resume there; leave
    this connection only then. Both deliver, so it may even be ignored."""

    t: Literal["reconnect"]
    d: ReconnectBody


class ByeBody(_Body):
    code: int


class Bye(_Event):
    """The server closes the connection now, with this close code; not every way to a server carries the code itself."""

    t: Literal["bye"]
    d: ByeBody


ServerFrame = Annotated[
    ResumeDone
    | ResumePage
    | ResumeChanges
    | ResumeMore
    | Resync
    | Acknowledged
    | MessageSent
    | MessageChanged
    | MessageHidden
    | DraftKept
    | ChatMade
    | ChatLeft
    | ChatSettings
    | ChatCleared
    | ReceiptMoved
    | SomebodyTypes
    | WhoIsHere
    | OwnSettings
    | NewDevice
    | Pong
    | SlowDown
    | Failed
    | Reconnect
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
