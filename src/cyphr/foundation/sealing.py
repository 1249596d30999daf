"""Sealing small secrets before they are stored: AES-256-GCM with a key that the database does not have."""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cyphr.foundation.errors import InvalidInput

_VERSION = b"\x01"
_NONCE_BYTES = 12


class Sealer:
    """Seals and opens with one key. What was sealed ``about`` one row does not open about another."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes. Raises InvalidInput for any other length."""
        if len(key) != 32:
            raise InvalidInput("the key of second factors must be 32 bytes; make one with `openssl rand -base64 32`")
        self._cipher = AESGCM(key)

    @classmethod
    def parse(cls, text: str) -> "Sealer":
        """A sealer with the key that ``text`` holds in base64. Raises InvalidInput."""
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except binascii.Error as error:
            raise InvalidInput(
                "the key of second factors is not base64; `openssl rand -base64 32` makes one"
            ) from error

    def seal(self, secret: bytes, about: bytes) -> bytes:
        """``secret`` as it is stored: a version, a nonce of its own, and the sealed text."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """What ``seal`` was given. Raises InvalidInput when key, row or text are not those it was sealed with."""
        version, nonce, text = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if version != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, text, about)
        except (InvalidTag, ValueError) as error:
            raise InvalidInput(
                "a stored secret cannot be opened: is CYPHR_FACTOR_KEY the key it was sealed with?"
            ) from error
