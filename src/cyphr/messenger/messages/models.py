"""Messages on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic_core import to_json

from cyphr.messenger.people.models import PlainText

LARGEST_CONTENT = 20 * 1024


def _fits_a_frame(content: str) -> str:
    # As it will travel, escapes included: a frame holds 28 KB with everything else in it.
    if len(to_json(content)) > LARGEST_CONTENT:
        raise ValueError("must be at most 20 KB; send larger content as a file")
    if not content:
        raise ValueError("must not be empty")
    return content


Content = Annotated[PlainText, AfterValidator(_fits_a_frame)]


class Message(BaseModel):
    """A stored message. ``client_id`` is None for what the server before this one stored."""

    id: UUID
    chat_id: UUID
    sender_id: UUID
    client_id: UUID | None
    seq: int
    content: str | None
    message_type: str
    reply_to_id: UUID | None
    created_at: datetime


class NewMessage(BaseModel):
    """What a client sends. ``id`` is the client's own and permanent: a repeat is answered, not stored again."""

    id: UUID
    content: Content
    reply_to_id: UUID | None = None


class Ack(BaseModel):
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


class Watermark(BaseModel):
    """How far a member has got: everything up to ``received_seq`` arrived, up to ``read_seq`` was read."""

    chat_id: UUID
    received_seq: int = 0
    read_seq: int = 0
