"""Methods of one account, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from cyphr.messenger.cognito.models import NewPassword
from cyphr.messenger.sessions.models import Pin

MethodName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.:-]{0,63}$")]
"""``pin``, ``password``, ``passkey``, or what an OAuth provider is called."""


class LinkedMethod(BaseModel):
    """One way to sign in. ``sufficient``: whether it may be the only one left."""

    method: str
    linked_at: datetime | None
    sufficient: bool


class NewPin(BaseModel):
    pin: Pin


class NewPasswordOfOwn(BaseModel):
    password: NewPassword
