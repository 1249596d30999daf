"""How an event reaches people's connections. In memory on one machine; the rules do not know which."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

NO_CHAT = UUID(int=0)
"""The chat of an event that is about none."""


class EventKind(StrEnum):
    """What may happen to an event in a connection's full queue depends on its kind."""

    MESSAGE = "msg"
    CHANGE = "change"
    HIDDEN = "hidden"
    DRAFT = "draft"
    CHAT = "chat"
    LEFT = "chat.left"
    CLEARED = "chat.cleared"
    SETTINGS = "chat.settings"
    RECEIPT = "receipt"
    TYPING = "typing"
    PRESENCE = "presence"
    PERSONAL = "me.settings"
    DEVICE = "me.device"
    RECONNECT = "reconnect"


@dataclass(slots=True)
class Event:
    """Something that happened in a chat, encoded once for all who hear of it."""

    kind: EventKind
    chat_id: UUID
    text: str
    seq: int = 0
    """Of a message: its place in the chat."""
    change: int = 0
    """Of a change: its number in the chat."""
    about: UUID | None = None
    """Of a receipt, of typing or of presence: whose. A newer one replaces an older one that still waits."""
    moves_members: bool = False
    """Who is in the chat may have changed with it."""


class Postman(Protocol):
    """Delivers events to whoever is connected. Delivery is never proof: a message is safe because it is stored."""

    async def deliver(self, recipients: Collection[UUID], event: Event, *, except_for: UUID | None = None) -> None:
        """Hand ``event`` to every connection of ``recipients`` but the one called ``except_for``."""
        ...


def encode(kind: str, chat_id: UUID | None = None, **members: Any) -> str:
    """An envelope of the wire protocol as text. A member that is None is left out."""
    envelope: dict[str, Any] = {"v": 1, "t": kind}
    if chat_id is not None:
        envelope["chat"] = chat_id
    envelope.update((name, value) for name, value in members.items() if value is not None)
    return to_json(envelope).decode()
