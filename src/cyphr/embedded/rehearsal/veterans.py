"""Users of the Supabase side's Auth, as its own server would have made them, who come back during the rehearsal."""

import secrets
from datetime import timedelta
from uuid import UUID, uuid4

import bcrypt
import jwt
import pyotp
from psycopg import AsyncConnection

from cyphr.embedded.people.veterans import Veteran
from cyphr.foundation.clock import now
from cyphr.foundation.queries import load_queries

_queries = load_queries(__package__)

NUMBER = 20
"""Enough for a visit in each phase, and some who never come."""

_EVERY = 4  # has an authenticator
_ROUNDS = 4  # cheap: nobody attacks these


async def settle_veterans(connection: AsyncConnection, issuer: str, signing_secret: str) -> list[Veteran]:
    """Write them down; ``signing_secret``: what Supabase Auth signs its tokens with."""
    veterans = []
    for number in range(NUMBER):
        user_id, session_id, password = uuid4(), uuid4(), secrets.token_urlsafe(12) + "aA1!"
        secret = pyotp.random_base32() if number and number % _EVERY == 0 else None
        email = f"veteran-{number}@people.cyphr.test"
        person = {
            "user_id": user_id,
            "session_id": session_id,
            "email": email,
            "name": f"Veteran {number}",
            "hash": bcrypt.hashpw(password.encode(), bcrypt.gensalt(_ROUNDS)).decode(),
            "factor_id": uuid4(),
            "secret": secret,
        }
        await connection.execute(_queries.add_veteran, person)
        await connection.execute(_queries.add_veteran_session, person)
        if secret is not None:
            await connection.execute(_queries.add_veteran_factor, person)
        veterans.append(Veteran(email, password, secret, _token(user_id, session_id, issuer, signing_secret)))
    return veterans


def _token(user_id: UUID, session_id: UUID, issuer: str, signing_secret: str) -> str:
    claims = {
        "iss": issuer,
        "sub": str(user_id),
        "aud": "authenticated",
        "role": "authenticated",
        "session_id": str(session_id),
        "aal": "aal1",
        "is_anonymous": False,
        "iat": now(),
        "exp": now() + timedelta(hours=2),
    }
    return jwt.encode(claims, signing_secret, algorithm="HS256")
