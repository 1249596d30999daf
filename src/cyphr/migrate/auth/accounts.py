"""What a person's counterpart in the pool must be."""

import hashlib
import json
import re
from dataclasses import dataclass
from uuid import UUID

from cyphr.foundation.queries import load_queries

queries = load_queries(__package__)

_LONGEST = 2048  # characters of an attribute's value, by Cognito's description of AttributeType
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_PHONE = re.compile(r"\+?([1-9][0-9]{4,14})")  # E.164; Supabase leaves the plus out


@dataclass(frozen=True)
class Identity:
    """Somebody's account at another provider of sign-in, as Supabase Auth names it."""

    provider: str
    subject: str


@dataclass(frozen=True)
class Factor:
    """An authenticator (TOTP) that a person has confirmed at Supabase. ``digest``: SHA-256 of its secret and name."""

    id: UUID
    digest: str


@dataclass(frozen=True)
class Account:
    """What a person's counterpart must look like. Nothing in it is secret."""

    user_id: UUID
    email: str | None
    """The address they sign in with, or one that somebody else holds (then ``email_verified`` is false)."""
    email_verified: bool
    name: str
    disabled: bool
    phone: str | None = None
    phone_verified: bool = False
    identities: tuple[Identity, ...] = ()
    password: str | None = None
    """SHA-256 of the hash to import; None: there is none that may be used."""
    factors: tuple[Factor, ...] = ()
    """The authenticators to bring along."""
    remarks: tuple[str, ...] = ()
    """What an operator should know of this person."""

    @property
    def attributes(self) -> dict[str, str]:
        """Cognito's attributes; what is empty or false is left out."""
        attributes = {"custom:user_id": str(self.user_id)}
        if self.email is not None:
            attributes["email"] = self.email
        if self.email is not None and self.email_verified:
            attributes["email_verified"] = "true"
        if self.name:
            attributes["name"] = self.name
        if self.phone is not None:
            attributes["phone_number"] = self.phone
        if self.phone is not None and self.phone_verified:
            attributes["phone_number_verified"] = "true"
        return attributes

    @property
    def fingerprint(self) -> str:
        """Changes whenever the counterpart must."""
        identities = [[one.provider, one.subject] for one in self.identities]
        said = [self.attributes, self.disabled, identities, self.password]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Link:
    """Which Cognito user is a person's counterpart."""

    user_id: UUID
    username: str
    sub: str


def usable_name(text: str | None) -> str:
    """A name as an attribute may hold it: on one line, and not longer than that."""
    return _CONTROL.sub(" ", text or "").strip()[:_LONGEST]


def usable_phone(text: str | None) -> str | None:
    """A telephone number in E.164, or None when it is none."""
    found = _PHONE.fullmatch(text or "")
    return f"+{found[1]}" if found else None


def is_address(text: str) -> bool:
    """Whether the text can be an e-mail address at all; Cognito has the last word."""
    return _ADDRESS.fullmatch(text) is not None
