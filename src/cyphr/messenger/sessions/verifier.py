"""One verifier for every token that is accepted: Cyphr's own, Cognito's and, while the window is open, Supabase's.

Which issuer's rules hold is told by ``iss``, compared whole with those that are in the settings; which key and which
algorithm, by the issuer and ``kid`` alone. So no issuer's key ever checks what claims to be another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.sessions.jwks import KeySource, unknown_key
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.tokens import AccessTokens

LARGEST_TOKEN = 16 * 1024
"""Characters. Cognito's have two thousand, Supabase's carry what applications put into a person's metadata."""
_SKEW_SECONDS = 30
_FAMILIES = UUID("6f6e2b1c-5f0e-5d0a-9a53-0b1c7f4f2d11")


@dataclass(frozen=True)
class Proof:
    """What a token of another issuer proves. ``family``: the session there, of which this is one token."""

    issuer: Literal["cognito", "supabase"]
    subject: str
    family: str
    began_at: datetime
    """When the person signed in, as far as the token says."""
    expires_at: datetime
    strong: bool
    """Whether the issuer had a second factor proven."""

    @property
    def session_id(self) -> UUID:
        """What this family's session is called here: the same on every server and for each of its tokens."""
        return uuid5(_FAMILIES, f"{self.issuer}\n{self.subject}\n{self.family}")


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    exp: int | float
    iat: int | float


class _CognitoClaims(_Claims):
    sub: str = Field(min_length=1, max_length=128)
    token_use: Literal["access"]
    client_id: str
    auth_time: int | float
    origin_jti: str = Field(min_length=1, max_length=128)


class _SupabaseClaims(_Claims):
    sub: str = Field(min_length=36, max_length=36)
    role: Literal["authenticated"]
    session_id: str = Field(min_length=1, max_length=128)
    aal: str = "aal1"
    is_anonymous: Literal[False] = False


class CognitoIssuer:
    """A user pool. Only access tokens of the given app clients count."""

    def __init__(self, name: str, keys: KeySource, client_ids: Sequence[str]) -> None:
        self.name = name
        self._keys = keys
        self._client_ids = frozenset(client_ids)

    async def prove(self, token: str, header: dict[str, Any]) -> Proof:
        """Raises NotAuthenticated, or Unavailable when there is no key to check with."""
        # An access token of Cognito has no audience: whom it is for is ``client_id``.
        claims = _CognitoClaims.model_validate(await _decode(token, header, self._keys, self.name))
        if claims.client_id not in self._client_ids:
            raise unknown_key()
        return Proof(
            issuer="cognito",
            subject=claims.sub,
            family=claims.origin_jti,
            began_at=_time(claims.auth_time),
            expires_at=_time(claims.exp),
            strong=False,
        )


class SupabaseIssuer:
    """A Supabase project's Auth."""

    def __init__(self, name: str, keys: KeySource) -> None:
        self.name = name
        self._keys = keys

    async def prove(self, token: str, header: dict[str, Any]) -> Proof:
        """Raises NotAuthenticated, or Unavailable when there is no key to check with."""
        given = await _decode(token, header, self._keys, self.name, audience="authenticated")
        claims = _SupabaseClaims.model_validate(given)
        return Proof(
            issuer="supabase",
            subject=str(UUID(claims.sub)),
            family=claims.session_id,
            began_at=_time(claims.iat),
            expires_at=_time(claims.exp),
            strong=claims.aal == "aal2",
        )


class Verifier:
    """Says whose token it is, or refuses it."""

    def __init__(self, own: AccessTokens, others: Sequence[CognitoIssuer | SupabaseIssuer] = ()) -> None:
        self._own = own
        self._others = {one.name: one for one in others}

    async def verify(self, token: str) -> Identity | Proof:
        """The identity that a token of ours names, or what another issuer's proves.

        Raises NotAuthenticated, or Unavailable when the issuer's keys cannot be had now.
        """
        if len(token) > LARGEST_TOKEN:
            raise unknown_key()
        try:
            unproven = jwt.decode_complete(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise unknown_key() from error
        header, named = unproven["header"], unproven["payload"].get("iss")
        other = self._others.get(named) if isinstance(named, str) else None
        if other is None:
            return self._own.verify(token, header)
        try:
            return await other.prove(token, header)
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("the access token has expired; refresh the session") from error
        except (jwt.PyJWTError, ValidationError, ValueError, OverflowError, OSError) as error:
            raise unknown_key() from error


async def _decode(
    token: str, header: dict[str, Any], keys: KeySource, issuer: str, audience: str | None = None
) -> dict[str, Any]:
    key = await keys.find(header.get("kid"), header.get("alg"))
    claims: dict[str, Any] = jwt.decode(
        token,
        key.material,
        algorithms=[key.algorithm],
        issuer=issuer,
        audience=audience,
        leeway=_SKEW_SECONDS,
        options={"require": ["exp", "iat", "iss", "sub"], "strict_aud": audience is not None},
    )
    return claims


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
