"""Access tokens: short-lived EdDSA JWTs that any server with the public key can check."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAuthenticated
from cyphr.messenger.sessions.models import Identity

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "cyphr"
_ALGORITHM = "EdDSA"


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
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise InvalidInput(f"CYPHR_TOKEN_KEY_FILE {path} cannot be read as an unencrypted PEM key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidInput(f"CYPHR_TOKEN_KEY_FILE {path} holds no Ed25519 key; make one with `openssl genpkey`")
        return cls(key)

    def derive(self, purpose: str) -> bytes:
        """A secret for another purpose, the same on every server of this deployment."""
        raw = self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return hmac.digest(raw, purpose.encode(), "sha256")


class AccessTokens:
    """Issues and checks access tokens."""

    def __init__(self, key: SigningKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def issue(self, identity: Identity) -> str:
        """A token for ``identity`` that lives for LIFETIME."""
        issued = now()
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": issued,
            "exp": issued + LIFETIME,
        }
        return jwt.encode(claims, self._key.private, algorithm=_ALGORITHM, headers={"kid": self._key.id})

    def verify(self, token: str) -> Identity:
        """Who the token speaks for. Raises NotAuthenticated; says nothing of the reason but expiry."""
        try:
            claims = jwt.decode(
                token,
                self._key.public,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self._issuer,
                options={"require": ["exp", "iat", "sub", "sid", "aud", "iss"]},
            )
            return Identity(user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("the access token has expired; refresh the session") from error
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise NotAuthenticated("the access token is not valid; sign in") from error
