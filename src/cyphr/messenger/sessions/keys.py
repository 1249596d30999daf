"""The keys of a deployment. Apart from the tokens that they sign: whoever only derives a secret needs no more."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from cyphr.foundation.errors import InvalidInput

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class VerifyingKey:
    """What signatures of one signing key are checked with. ``id``: the ``kid`` of tokens that it signed."""

    id: str
    public: Ed25519PublicKey

    @classmethod
    def of(cls, public: Ed25519PublicKey) -> "VerifyingKey":
        """The key, named by its own bytes: so every server calls it the same."""
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(hashlib.sha256(raw).hexdigest()[:16], public)


class SigningKey:
    """The Ed25519 key of this deployment; every server has the same."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.verifying = VerifyingKey.of(private.public_key())

    @property
    def id(self) -> str:
        """The ``kid`` of tokens that it signs."""
        return self.verifying.id

    @property
    def public(self) -> Ed25519PublicKey:
        """What its signatures are checked with."""
        return self.verifying.public

    @classmethod
    def parse(cls, pem: bytes, source: str) -> "SigningKey":
        """The key that ``source`` gave. Raises InvalidInput for anything but an Ed25519 private key."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"{source} cannot be read as an unencrypted PEM key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidInput(f"{source} holds no Ed25519 key; make one with `openssl genpkey`")
        return cls(key)

    def derive(self, purpose: str) -> bytes:
        """A secret for another purpose, the same on every server of this deployment."""
        raw = self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return hmac.digest(raw, purpose.encode(), "sha256")


def parse_verifying_keys(pems: bytes, source: str) -> list[VerifyingKey]:
    """The keys that ``source`` gave, one PEM after another, public or private ones.

    Raises InvalidInput when there is none, or one that is no Ed25519 key.
    """
    found = [_verifying_key(match[0], match[1].endswith(b"PRIVATE KEY"), source) for match in _PEM.finditer(pems)]
    if not found:
        raise InvalidInput(f"{source} holds no PEM; `openssl pkey -in KEY -pubout` writes a public one")
    return found


def _verifying_key(pem: bytes, private: bool, source: str) -> VerifyingKey:
    if private:
        return SigningKey.parse(pem, source).verifying
    try:
        public = load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{source} holds a PEM that is no public key") from error
    if not isinstance(public, Ed25519PublicKey):
        raise InvalidInput(f"{source} holds a key that is no Ed25519 key")
    return VerifyingKey.of(public)
