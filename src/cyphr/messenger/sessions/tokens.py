"""Access tokens: short-lived EdDSA JWTs that any server with the public key can check."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cyphr.foundation.clock import now
from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.sessions.keys import SigningKey, VerifyingKey
from cyphr.messenger.sessions.models import Identity

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "cyphr"
_ALGORITHM = "EdDSA"


class AccessTokens:
    """Issues access tokens with one key, and checks them with that and with those that are accepted beside it."""

    def __init__(self, key: SigningKey, issuer: str, accepted: Iterable[VerifyingKey] = ()) -> None:
        """``accepted``: the key that comes next, and former ones."""
        self._key = key
        self._issuer = issuer
        self._known = {one.id: one.public for one in (key.verifying, *accepted)}

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

    def public_keys(self) -> list[dict[str, str]]:
        """The keys that check them, as JSON Web Keys; first the one that signs."""
        return [_json_web_key(kid, public) for kid, public in self._known.items()]

    def verify(self, token: str, header: Mapping[str, Any] | None = None) -> Identity:
        """Who the token speaks for. Raises NotAuthenticated; says nothing of the reason but expiry.

        ``header``: the token's, when it was read before.
        """
        try:
            claims = jwt.decode(
                token,
                self._known[(header or jwt.get_unverified_header(token))["kid"]],
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self._issuer,
                options={"require": ["exp", "iat", "sub", "sid", "aud", "iss"]},
            )
            return Identity(user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("the access token has expired; refresh the session") from error
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise NotAuthenticated("the access token is not valid; sign in") from error


def _json_web_key(kid: str, public: Ed25519PublicKey) -> dict[str, str]:
    x = urlsafe_b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": _ALGORITHM}
