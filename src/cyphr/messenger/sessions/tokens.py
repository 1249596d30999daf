"""Access tokens: short-lived EdDSA JWTs that any server with the public key can check."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cyphr.foundation.clock import now
from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.sessions.models import Identity

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "cyphr"
_ALGORITHM = "EdDSA"


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

    def public_key(self) -> dict[str, str]:
        """The key that checks them, as a JSON Web Key."""
        raw = self._key.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = urlsafe_b64encode(raw).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self._key.id, "use": "sig", "alg": _ALGORITHM}

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
