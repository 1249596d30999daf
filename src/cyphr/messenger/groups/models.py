"""Changes of groups on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from cyphr.messenger.chats.models import ChatName, History, LeastRole
from cyphr.messenger.people.models import Person

MOST_ADDED = 100


class NewMembers(BaseModel):
    """Who is to be added, at most 100 at a time."""

    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_ADDED)]


class Added(BaseModel):
    """Who came in, and who could not be added: they do not allow it, or are banned. A link may be sent to them."""

    added: list[UUID]
    refused: list[UUID]


class NewRole(BaseModel):
    """``owner``: hands the group over; whoever had it becomes an admin."""

    role: Literal["owner", "admin", "member"]


class GroupChanges(BaseModel):
    """What is given is changed."""

    name: ChatName | None = None
    who_may_send: LeastRole | None = None
    who_may_add: LeastRole | None = None
    who_may_change: LeastRole | None = None
    history: History | None = None

    @model_validator(mode="after")
    def _something_is_given(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("nothing to change was given")
        return self


class Ban(BaseModel):
    """Who may not come back. ``banned_by``: None when that account is gone."""

    person: Person
    banned_by: UUID | None
    created_at: datetime
