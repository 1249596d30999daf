"""Links into groups on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from cyphr.messenger.chats.models import Moment

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{10,64}$")]


class NewInvite(BaseModel):
    """A link to be made. Without ``expires_at`` it does not get too old, without ``max_uses`` any number may use it."""

    expires_at: Moment | None = None
    max_uses: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Invite(BaseModel):
    """A link as those who administer the group see it. ``created_by``: None when that account is gone."""

    id: UUID
    token: str
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    max_uses: int | None
    uses: int
    revoked_at: datetime | None


class InvitePreview(BaseModel):
    """What a link tells before one joins. ``chat_id``: only for who is in the group already."""

    name: str | None
    avatar_url: str | None
    member_count: int
    chat_id: UUID | None
