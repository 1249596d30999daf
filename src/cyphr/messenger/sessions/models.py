"""Sessions on the wire, and who a request is from."""

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from cyphr.messenger.people.models import Person, PlainText

_EMAIL = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+")


def _normalise_email(text: str) -> str:
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or email.count("@") != 1:
        raise ValueError("must be an e-mail address like anna@example.org")
    return email


Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_normalise_email)]
"""An address in lower case, ASCII only, so that no two that look alike differ."""

Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}$")]
"""A new PIN. One of before may be longer, so what is only checked is not held to it."""

Device = Annotated[PlainText, StringConstraints(max_length=200)]
"""What the person calls the device, or what it calls itself."""


Method = Literal["pin", "password", "cognito", "passkey", "supabase"]
"""How somebody signs in: what they prove first."""

Factor = Literal["totp", "passkey", "recovery"]
"""What they prove beside it: an authenticator's code, a passkey, or a recovery code."""


class SignIn(BaseModel):
    """``device``: what the device calls itself. ``device_id``: what the installation keeps, to be known again."""

    email: Email
    pin: Annotated[str, StringConstraints(max_length=64)]
    device: Device | None = None
    device_id: UUID | None = None


class Refresh(BaseModel):
    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class Exchange(BaseModel):
    """``token``: an access token that another issuer gave, Cognito or (while they are accepted) Supabase."""

    token: Annotated[str, StringConstraints(max_length=16 * 1024)]
    device: Device | None = None
    device_id: UUID | None = None


class Session(BaseModel):
    """What a client holds while it is signed in. ``expires_in``: seconds that the access token lives."""

    access_token: str
    refresh_token: str
    expires_in: int
    person: Person


class Challenge(BaseModel):
    """One more proof is wanted before there is a session: any of ``factors``, within ``expires_in`` seconds."""

    challenge: str
    factors: list[Factor]
    expires_in: int


class Identity(BaseModel):
    """Who a request is from, proven by its access token."""

    model_config = ConfigDict(frozen=True)

    user_id: UUID
    session_id: UUID
