"""Signing in with a password, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.models import Device, Email

Password = Annotated[PlainText, StringConstraints(min_length=1, max_length=256)]
"""As long as Cognito takes them. What else they need says the pool's policy."""

MailedCode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6,8}$")]
FullName = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class SignUp(BaseModel):
    email: Email
    password: Password
    full_name: FullName


class Address(BaseModel):
    email: Email


class Confirmation(BaseModel):
    email: Email
    code: MailedCode


class PasswordSignIn(BaseModel):
    """``device``, ``device_id``: as at /v1/sessions."""

    email: Email
    password: Password
    device: Device | None = None
    device_id: UUID | None = None


class Credentials(BaseModel):
    email: Email
    password: Password


class PasswordReset(BaseModel):
    email: Email
    code: MailedCode
    new_password: Password


class PasswordChange(BaseModel):
    password: Password
    new_password: Password


class SrpBeginning(BaseModel):
    """``a``: the client's public number, in hexadecimal."""

    email: Email
    a: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{1,768}$")]


class SrpQuestion(BaseModel):
    """What the client needs to prove the password: see RFC 5054, and Cognito's USER_SRP_AUTH."""

    user_id: str
    salt: str
    b: str
    secret_block: str


class SrpAnswer(BaseModel):
    """The proof, for the address that the question was asked for."""

    email: Email
    user_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    secret_block: Annotated[str, StringConstraints(min_length=1, max_length=8192)]
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/=]{1,128}$")]
    timestamp: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9: ]{1,40}$")]
    device: Device | None = None
    device_id: UUID | None = None


class PoolRefresh(BaseModel):
    refresh_token: Annotated[str, StringConstraints(max_length=8192)]


class PoolTokens(BaseModel):
    """Cognito's own tokens, for AWS's services: the identity pool takes the ID token."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int
