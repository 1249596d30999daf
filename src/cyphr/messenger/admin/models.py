"""Administration on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.models import Email

Role = Literal["member", "admin", "owner"]
"""An admin changes members; an owner changes everybody, gives roles and sets the policy."""

Act = Literal[
    "suspended", "reinstated", "signed_out", "factors_reset", "pin_reset", "password_reset", "device_revoked",
    "role_set",
]  # fmt: skip
"""What is done to one person."""

Words = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
GroupName = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class AdministeredPerson(BaseModel):
    """A person as administrators see them. ``factors``: how many second factors; ``last_used_at``: of any session."""

    id: UUID
    full_name: str
    cyphr_id: str | None
    email: str | None
    role: Role
    suspended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    has_pin: bool
    last_used_at: datetime | None
    factors: int
    group_ids: list[UUID]
    group_names: list[str]


class PeoplePage(BaseModel):
    """Part of the people, newest first. ``next``: the cursor of the rest."""

    people: list[AdministeredPerson]
    next: str | None


class AdministeredSession(BaseModel):
    """Where a person is signed in."""

    id: UUID
    device: str | None
    method: str
    address: str | None
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime


class PersonDetails(AdministeredPerson):
    """One person, with the sessions that live."""

    sessions: list[AdministeredSession]


class NewPerson(BaseModel):
    """An account without a PIN: its owner chooses one with a code by mail."""

    email: Email
    full_name: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    role: Role = "member"


class Invitation(BaseModel):
    """Whoever registers with this address within seven days comes into the tenant."""

    email: Email
    role: Literal["member", "admin"] = "member"


class RoleChange(BaseModel):
    role: Role


class Policy(BaseModel):
    """What a tenant demands. ``pin_length``: digits of a new PIN at least; ``session_days``: how long a session lives
    that is not used; ``require_mfa``: whoever has no second factor sets one up before anything else.
    """

    pin_length: int = Field(default=4, ge=4, le=6)
    session_days: int = Field(default=30, ge=1, le=30)
    require_mfa: bool = False


class NewGroup(BaseModel):
    name: GroupName


class AdministeredGroup(BaseModel):
    """A group of people of the tenant; no chat."""

    id: UUID
    name: str
    created_at: datetime
    member_ids: list[UUID]


class NotedEvent(BaseModel):
    """One row of the audit log. ``seq``: its place in the chain."""

    seq: int
    at: datetime
    event: str
    actor: UUID | None
    subject: UUID | None
    session: UUID | None
    address: str | None
    details: dict[str, Any]
