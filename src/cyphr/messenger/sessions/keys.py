"""The key of a deployment. Apart from the tokens that it signs: whoever only derives a secret needs no more."""

import hashlib
import hmac
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cyphr.foundation.errors import InvalidInput


class SigningKey:
    """The Ed25519 key of this deployment; every server has the same."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.public = private.public_key()
        raw = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(raw).hexdigest()[:16]

    @classmethod
    def read(cls, path: Path) -> "SigningKey":
        """Read a PEM file. Raises InvalidInput when it holds anything but an Ed25519 private key."""
        try:
            pem = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"CYPHR_TOKEN_KEY_FILE {path} cannot be read as an unencrypted PEM key") from error
        return cls.parse(pem, f"CYPHR_TOKEN_KEY_FILE {path}")

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
