"""Second factors on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, StringConstraints, model_validator

from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.models import Device, Factor

Token = Annotated[PlainText, StringConstraints(max_length=200)]
FactorName = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]
RecoveryCode = Annotated[PlainText, StringConstraints(max_length=40)]
Credential = dict[str, Any]
"""A ``PublicKeyCredential`` as its ``toJSON`` gives it."""


class OwnFactor(BaseModel):
    """Something that a person can prove who they are with."""

    id: UUID
    kind: Literal["totp", "passkey"]
    name: str
    created_at: datetime
    last_used_at: datetime | None


class OwnFactors(BaseModel):
    """``recovery_codes``: how many are left."""

    factors: list[OwnFactor]
    recovery_codes: int


class NewAuthenticator(BaseModel):
    name: FactorName = "Authenticator"


class Enrolment(BaseModel):
    """An authenticator is given this, as a QR code of ``uri`` or typed as ``secret``; it counts from its first code."""

    id: UUID
    secret: str
    uri: str


class FirstCode(BaseModel):
    code: Code


class PasskeyRequest(BaseModel):
    """``options``: what the browser's ``navigator.credentials`` is called with. ``challenge``: comes back beside the
    answer, within ``expires_in`` seconds.
    """

    challenge: str
    options: dict[str, Any]
    expires_in: int


class NewPasskeyAnswer(BaseModel):
    challenge: Token
    name: FactorName = "Passkey"
    credential: Credential


class FactorAdded(BaseModel):
    """``recovery_codes``: with the first factor, and shown only here."""

    factor_id: UUID
    recovery_codes: list[str] | None


class RecoveryCodes(BaseModel):
    recovery_codes: list[str]


class SecondProof(BaseModel):
    """Exactly one of them: an authenticator's code, a recovery code, or a passkey's answer."""

    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    credential: Credential | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.given()) != 1:
            raise ValueError("give exactly one proof")
        return self

    def given(self) -> list[str]:
        """The kinds of proof that are there."""
        kinds: list[tuple[Factor, object]] = [
            ("totp", self.code),
            ("recovery", self.recovery_code),
            ("passkey", self.credential),
        ]
        return [kind for kind, proof in kinds if proof is not None]


class ChallengeAnswer(SecondProof):
    """``device_id``: the one that the sign-in began with."""

    challenge: Token
    device_id: UUID | None = None


class ChallengeQuestion(BaseModel):
    challenge: Token
    device_id: UUID | None = None


class PasskeySignIn(BaseModel):
    """Signing in with a passkey alone, which says itself who it is."""

    challenge: Token
    credential: Credential
    device: Device | None = None
    device_id: UUID | None = None


class Beginning(BaseModel):
    device_id: UUID | None = None


class StepUpProof(SecondProof):
    """Exactly one. ``pin``, ``password``: of who has no second factor. ``challenge``: beside a passkey's answer."""

    pin: Annotated[str, StringConstraints(max_length=64)] | None = None
    password: Annotated[str, StringConstraints(max_length=256)] | None = None
    challenge: Token | None = None

    def given(self) -> list[str]:
        """See ``SecondProof``."""
        firsts = (("pin", self.pin), ("password", self.password))
        return super().given() + [kind for kind, proof in firsts if proof is not None]
