"""Another issuer of tokens: it publishes keys on loopback, rotates them, and misbehaves on demand."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI, Response

from cyphr.foundation.clock import now


@dataclass
class SigningPair:
    """A private key and how its public half is published."""

    private: Any
    algorithm: str
    kid: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def rsa(cls, bits: int = 2048) -> "SigningPair":
        return cls(rsa.generate_private_key(65537, bits), "RS256")

    @classmethod
    def ec(cls) -> "SigningPair":
        return cls(ec.generate_private_key(ec.SECP256R1()), "ES256")

    def public(self) -> dict[str, Any]:
        kind = jwt.get_algorithm_by_name(self.algorithm)
        told: dict[str, Any] = kind.to_jwk(self.private.public_key(), as_dict=True)  # type: ignore[call-overload]
        return {**told, "kid": self.kid, "use": "sig", "alg": self.algorithm}


class Publisher:
    """What is at the URL of the keys, and how often it was asked."""

    def __init__(self, *pairs: SigningPair) -> None:
        self.pairs = list(pairs)
        self.asked = 0
        self.instead: Response | None = None

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/keys")
        async def keys() -> Response:
            self.asked += 1
            told = json.dumps({"keys": [pair.public() for pair in self.pairs]})
            return self.instead or Response(told, media_type="application/json")

        return app


def cognito_claims(issuer: str, client: str, person: str, /, **changed: Any) -> dict[str, Any]:
    """What Cognito writes into an access token."""
    moment = now()
    claims = {
        "sub": person,
        "iss": issuer,
        "client_id": client,
        "origin_jti": str(uuid4()),
        "event_id": str(uuid4()),
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": int(moment.timestamp()),
        "exp": int((moment + timedelta(minutes=15)).timestamp()),
        "iat": int(moment.timestamp()),
        "jti": str(uuid4()),
        "username": person,
    }
    return _changed(claims, changed)


def supabase_claims(issuer: str, user_id: str, /, **changed: Any) -> dict[str, Any]:
    """What Supabase Auth writes into an access token."""
    moment = now()
    claims = {
        "iss": issuer,
        "sub": user_id,
        "aud": "authenticated",
        "exp": int((moment + timedelta(hours=1)).timestamp()),
        "iat": int(moment.timestamp()),
        "email": "anna@example.org",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": int(moment.timestamp())}],
        "session_id": str(uuid4()),
        "is_anonymous": False,
    }
    return _changed(claims, changed)


def _changed(claims: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | changed).items() if value is not None}


def sign(pair: SigningPair, claims: dict[str, Any], **header: Any) -> str:
    # Not jwt.encode, which refuses to write some of what is to be refused.
    headers = {"typ": "JWT", "kid": pair.kid, **header}
    return jwt.PyJWS().encode(json.dumps(claims).encode(), pair.private, algorithm=pair.algorithm, headers=headers)


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    parts = ({"alg": "none", "typ": "JWT", **header}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
