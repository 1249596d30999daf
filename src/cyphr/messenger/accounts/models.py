"""Accounts on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from cyphr.messenger.people.models import CyphrId, Person, PlainText
from cyphr.messenger.sessions.models import Device, Email, Pin


class CodeRequest(BaseModel):
    email: Email


Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class Registration(BaseModel):
    email: Email
    code: Code
    full_name: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    pin: Pin
    cyphr_id: CyphrId | None = None
    device: Device | None = None
    device_id: UUID | None = None


class Me(Person):
    """A person as they see themselves. ``email`` is None for an account that never gave one."""

    email: str | None


class PinChange(BaseModel):
    pin: Annotated[str, StringConstraints(max_length=64)]
    new_pin: Pin


class Recovery(BaseModel):
    """A new PIN for who has forgotten theirs. ``code``: the mailed one."""

    email: Email
    code: Code
    new_pin: Pin
