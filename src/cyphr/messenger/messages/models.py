"""Messages on the wire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import to_json

from cyphr.messenger.messages.texts import as_reaction, utf16_length, visible
from cyphr.messenger.people.models import PlainText

LARGEST_CONTENT = 20 * 1024
MOST_MENTIONS = 50
MOST_ENTITIES = 50

# A frame holds 28 KB with the envelope, the name of a forwarded message's writer and twenty kinds of reactions in it.
_LARGEST_BODY = LARGEST_CONTENT + 1024


def fits_a_frame(content: str) -> str:
    """Content that one event can carry. Raises ValueError."""
    # As it will travel, escapes included; a character takes six bytes at most.
    if 6 * len(content) > LARGEST_CONTENT - 2 and len(to_json(content)) > LARGEST_CONTENT:
        raise ValueError("must be at most 20 KB; send larger content as a file")
    return content


def shows_something(content: str) -> str:
    """Content in which there is something to see. Raises ValueError."""
    if not visible(content):
        raise ValueError("must not be empty")
    return content


Content = Annotated[PlainText, AfterValidator(shows_something), AfterValidator(fits_a_frame)]
Emoji = Annotated[str, StringConstraints(max_length=16), AfterValidator(as_reaction)]


class Entity(BaseModel):
    """How a part of the content looks. ``start`` and ``length`` count UTF-16 units, as JavaScript does."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["bold", "italic", "underline", "strike", "code", "pre", "quote", "spoiler"]
    start: Annotated[int, Field(ge=0, le=LARGEST_CONTENT)]
    length: Annotated[int, Field(ge=1, le=LARGEST_CONTENT)]


class Forwarded(BaseModel):
    """The message repeats another one. ``sender_name``: who wrote that, as they were called then; None: not told."""

    sender_name: str | None


class Reaction(BaseModel):
    """One kind of emoji under a message. ``user_ids``: five of those who chose it, the reader first if among them."""

    emoji: str
    count: int
    user_ids: list[UUID]


class Message(BaseModel):
    """A stored message. ``client_id`` is None for what the server before this one stored.

    One that was deleted for all or has expired has ``deleted_at``, one that its reader deleted for themselves is
    ``hidden``; both have no content and keep their place.
    """

    id: UUID
    chat_id: UUID
    sender_id: UUID
    client_id: UUID | None
    seq: int
    content: str | None
    message_type: str
    reply_to_id: UUID | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    expires_at: datetime | None
    changed: int | None
    """The chat's counter of changes when this message last changed."""
    forwarded: Forwarded | None
    mentions: list[UUID]
    formatting: list[Entity]
    reactions: list[Reaction]
    hidden: bool


class Text(BaseModel):
    """What a message says. ``mentions``: members of the chat that it calls by name."""

    content: Content | None = None
    # Factories, because pydantic copies a default in Python for every message.
    mentions: Annotated[list[UUID], Field(max_length=MOST_MENTIONS, default_factory=list)]
    formatting: Annotated[list[Entity], Field(max_length=MOST_ENTITIES, default_factory=list)]

    @model_validator(mode="after")
    def _entities_lie_in_the_content(self) -> Self:
        if not (self.formatting or self.mentions):
            return self
        end = utf16_length(self.content or "")
        if any(entity.start + entity.length > end for entity in self.formatting):
            raise ValueError("formatting must lie inside the content; it is counted in UTF-16 units")
        if len(to_json([self.content, self.mentions, self.formatting])) > _LARGEST_BODY:
            raise ValueError("content with its mentions and formatting must be at most 21 KB")
        self.mentions = list(dict.fromkeys(self.mentions))
        return self


class SendBody(Text):
    """A message to be sent: ``content``, or ``forward_of``, a message of one's chats that is repeated here."""

    reply_to_id: UUID | None = None
    forward_of: UUID | None = None

    @model_validator(mode="after")
    def _says_something_of_its_own_or_forwards(self) -> Self:
        if (self.content is None) == (self.forward_of is None):
            raise ValueError("give either content or forward_of")
        if self.forward_of is not None and (self.formatting or self.mentions):
            raise ValueError("what is forwarded keeps its own formatting and mentions nobody")
        return self


class NewMessage(SendBody):
    """What a client sends. ``id`` is the client's own and permanent: a repeat is answered, not stored again."""

    id: UUID


class Edit(Text):
    """What a message shall say instead."""

    content: Content


@dataclass(slots=True)
class Ack:
    """The message is stored. ``id`` is the client's."""

    id: UUID
    message_id: UUID
    chat_id: UUID
    seq: int
    ts: datetime


class Page(BaseModel):
    """Part of a chat's history, ascending. ``more``: there is more in the direction that was asked for."""

    messages: list[Message]
    more: bool


class Changes(BaseModel):
    """The messages that changed after a point, as they are now: who has them holds all up to ``change``."""

    messages: list[Message]
    change: int
    more: bool


class FormerText(BaseModel):
    """What a message said from ``written_at`` until it was edited."""

    content: str | None
    formatting: list[Entity]
    written_at: datetime


class Receipt(BaseModel):
    """How far a message has got with one member."""

    user_id: UUID
    state: Literal["sent", "delivered", "read"]


class Receipts(BaseModel):
    """Part of the members who may know of a message, its sender left out. ``next``: the cursor of the rest."""

    receipts: list[Receipt]
    next: UUID | None


class Reactions(BaseModel):
    """Part of those who chose one emoji. ``next``: the cursor of the rest."""

    user_ids: list[UUID]
    next: UUID | None


@dataclass(slots=True)
class Watermark:
    """How far a member has got: everything up to ``received_seq`` arrived, up to ``read_seq`` was read."""

    chat_id: UUID
    received_seq: int = 0
    read_seq: int = 0
