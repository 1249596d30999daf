"""Signing in with a password, on the wire."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, StringConstraints

from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.models import Device, Email

LEAST_LENGTH = 10
_KINDS = {"a small letter": r"[a-z]", "a capital letter": r"[A-Z]", "a digit": r"[0-9]"}


def _strong(password: str) -> str:
    missing = [kind for kind, pattern in _KINDS.items() if not re.search(pattern, password)]
    if missing:
        raise ValueError(f"must have {' and '.join(missing)}")
    return password


Password = Annotated[PlainText, StringConstraints(min_length=1, max_length=256)]
"""One that is to be proven: as long as Cognito takes them."""

NewPassword = Annotated[PlainText, StringConstraints(min_length=LEAST_LENGTH, max_length=256), AfterValidator(_strong)]
"""The pool's policy, told before anything is looked up: whether an address is taken must not change the answer."""

MailedCode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6,8}$")]
FullName = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class SignUp(BaseModel):
    email: Email
    password: NewPassword
    full_name: FullName


class Address(BaseModel):
    email: Email


class SignUpBegun(BaseModel):
    """``sign_up``: what to confirm, with the code that was mailed."""

    sign_up: UUID


class Confirmation(BaseModel):
    """``sign_up``: what the beginning was answered with."""

    sign_up: UUID
    email: Email
    code: MailedCode


class PasswordSignIn(BaseModel):
    """``device``, ``device_id``: as at /v1/sessions."""

    email: Email
    password: Password
    device: Device | None = None
    device_id: UUID | None = None


class TokenRequest(BaseModel):
    password: Password


class PasswordReset(BaseModel):
    email: Email
    code: MailedCode
    new_password: NewPassword


class PasswordChange(BaseModel):
    password: Password
    new_password: NewPassword


class PoolRefresh(BaseModel):
    refresh_token: Annotated[str, StringConstraints(max_length=8192)]


class PoolTokens(BaseModel):
    """Cognito's own tokens, for AWS's services: the identity pool takes the ID token."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int
