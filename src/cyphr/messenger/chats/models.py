"""Chats on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from cyphr.messenger.messages.models import Message
from cyphr.messenger.people.models import PlainText

LARGEST_GROUP = 1024


class Member(BaseModel):
    """A person in a chat, and how far they have got."""

    user_id: UUID
    full_name: str
    cyphr_id: str | None
    avatar_url: str | None
    role: str
    received_seq: int
    read_seq: int


class Chat(BaseModel):
    """A chat as one of its members sees it."""

    id: UUID
    type: str
    name: str | None
    avatar_url: str | None
    members: list[Member] = []
    last_seq: int
    last_message: Message | None = None
    last_change: int
    """How often messages of this chat have changed."""
    disappear_after: int | None
    """How many seconds messages sent now will live."""
    unread: int
    """Messages of others after the last read, at most 1,000. Nothing deleted, expired or hidden, no notices."""
    unread_mentions: int
    """How many of them mention this person."""
    created_at: datetime


class NewChat(BaseModel):
    """``direct``: with exactly one other. ``group``: needs a name. The creator need not be among the members."""

    type: Literal["direct", "group"]
    name: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)] | None = None
    member_ids: Annotated[list[UUID], Field(max_length=LARGEST_GROUP)]

    @model_validator(mode="after")
    def _a_group_has_a_name(self) -> Self:
        if self.type == "group" and self.name is None:
            raise ValueError("a group needs a name")
        return self
