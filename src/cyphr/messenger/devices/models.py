"""A person's sessions, as they see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.models import Factor, Method


class OwnSession(BaseModel):
    """One place in which a person is signed in.

    ``name``: what they call it; ``device``: what it calls itself. ``place``: the network's address that it was last
    used from. ``registered_at``: since when the device was known before there were sessions.
    """

    id: UUID
    name: str | None
    device: str | None
    user_agent: str | None
    place: str | None
    method: Method
    factors: list[Factor]
    created_at: datetime
    last_used_at: datetime
    registered_at: datetime | None
    current: bool


class SessionName(BaseModel):
    name: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
