"""Chats on the wire."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from cyphr.foundation.errors import InvalidInput
from cyphr.messenger.messages.models import Message
from cyphr.messenger.people.models import PlainText

LARGEST_GROUP = 1024
MOST_MEMBERS_SHOWN = 50
MOST_PINNED = 10


def _within_centuries(time: datetime) -> datetime:
    # Elsewhere in the world a time at the ends of the calendar lies beyond them.
    if not 1970 <= time.year < 9000:
        raise ValueError("must be a time of this age")
    # ISO 8601 knows offsets of up to a day, PostgreSQL of up to 16 hours.
    return time.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_within_centuries)]
"""A time that somebody gives with its offset, as it is in UTC."""

ChatName = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
LeastRole = Literal["member", "admin"]
History = Literal["joining", "start"]


class Member(BaseModel):
    """A person in a chat, and how far they have got."""

    user_id: UUID
    full_name: str
    cyphr_id: str | None
    avatar_url: str | None
    role: str
    received_seq: int
    read_seq: int


class MemberPage(BaseModel):
    """Part of a chat's members. ``next``: give it as ``after`` for those that follow; None: there are no more."""

    members: list[Member]
    next: UUID | None


class Mine(BaseModel):
    """What a chat is to the person who asks.

    ``pin_place``: from 1, None when it is not pinned. ``archived``: until the next message, or while it is muted.
    ``visible_from_seq``: the messages after this place are theirs to read.
    """

    role: str
    received_seq: int
    read_seq: int
    visible_from_seq: int
    muted_until: datetime | None
    muted_for_ever: bool
    pin_place: int | None
    archived: bool
    unread: int
    """Messages of others after the last read, at most 1,000. Nothing deleted, expired or hidden, no notices."""
    unread_mentions: int
    """How many of them mention this person."""


class Chat(BaseModel):
    """A chat as one of its members sees it.

    ``members``: at most 50, the owner, the admins and oneself first; all of them are paged. ``who_may_…``: the least
    role that may. ``mine``: None in an event that several people hear.
    """

    id: UUID
    type: str
    name: str | None
    avatar_url: str | None
    members: list[Member] = []
    member_count: int
    last_seq: int
    last_message: Message | None = None
    last_change: int
    """How often messages of this chat have changed."""
    disappear_after: int | None
    """How many seconds messages sent now will live."""
    created_at: datetime
    who_may_send: LeastRole
    who_may_add: LeastRole
    who_may_change: LeastRole
    history: History
    mine: Mine | None = None


@dataclass(frozen=True)
class ChatPlace:
    """Where a chat stands in a person's list. As text it is the cursor of the list."""

    pin: int
    activity: Decimal
    chat_id: UUID

    def __str__(self) -> str:
        return f"{self.pin}_{self.activity}_{self.chat_id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises InvalidInput when ``text`` is not a cursor that was given."""
        try:
            pin, activity, chat_id = text.split("_")
            place = cls(int(pin), Decimal(activity), UUID(chat_id))
        except (ValueError, InvalidOperation):
            raise InvalidInput("after is no cursor of this list; begin without it") from None
        if not (0 <= place.pin <= 100 and place.activity.is_finite() and abs(place.activity) < 10**12):
            raise InvalidInput("after is no cursor of this list; begin without it")
        return place


class NewChat(BaseModel):
    """``direct``: with exactly one other. ``group``: needs a name. The creator need not be among the members.

    Who does not let the creator add them to groups is left out of one.
    """

    type: Literal["direct", "group"]
    name: ChatName | None = None
    member_ids: Annotated[list[UUID], Field(max_length=LARGEST_GROUP)]

    @model_validator(mode="after")
    def _a_group_has_a_name(self) -> Self:
        if self.type == "group" and self.name is None:
            raise ValueError("a group needs a name")
        return self


class NewSettings(BaseModel):
    """What is given is changed. ``muted_until`` None and ``muted_for_ever`` False: not muted."""

    muted_until: Moment | None = None
    muted_for_ever: bool = False
    archived: bool = False


class Pinned(BaseModel):
    """The pinned chats, the first on top."""

    chat_ids: Annotated[list[UUID], Field(max_length=MOST_PINNED)]


class Disappearing(BaseModel):
    """How long messages of a chat live, in seconds: a day, a week, ninety days; None: they stay."""

    seconds: Literal[86_400, 604_800, 7_776_000] | None
