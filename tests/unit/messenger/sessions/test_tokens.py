"""Access tokens: only ours, only now, only for this."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAuthenticated
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.tokens import AccessTokens

KEY = SigningKey(Ed25519PrivateKey.generate())
TOKENS = AccessTokens(KEY, "cyphr")
ANNA = Identity(user_id=uuid4(), session_id=uuid4())


def test_a_token_says_who_it_is_for() -> None:
    assert TOKENS.verify(TOKENS.issue(ANNA)) == ANNA


@pytest.mark.parametrize(
    "change",
    [
        {"exp": now() - timedelta(seconds=1)},
        {"aud": "another"},
        {"iss": "another"},
        {"sub": "no uuid"},
        {"sid": None},
        {"sid": 7},
    ],
)
def test_a_token_of_ours_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    claims = jwt.decode(TOKENS.issue(ANNA), options={"verify_signature": False}) | change
    claims = {name: value for name, value in claims.items() if value is not None}
    with pytest.raises(NotAuthenticated):
        TOKENS.verify(jwt.encode(claims, KEY.private, algorithm="EdDSA"))


def test_a_token_signed_by_another_key_or_with_our_public_key_as_a_secret_is_refused() -> None:
    claims = jwt.decode(TOKENS.issue(ANNA), options={"verify_signature": False})
    public = KEY.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    for token in (
        jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA"),
        jwt.encode(claims, public, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
    ):
        with pytest.raises(NotAuthenticated):
            TOKENS.verify(token)


def test_a_key_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (rsa, b"nonsense"):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"key\.pem"):
            SigningKey.read(path)
    with pytest.raises(InvalidInput, match="missing"):
        SigningKey.read(tmp_path / "missing.pem")


def test_secrets_for_different_purposes_differ_and_are_the_same_on_every_server() -> None:
    assert KEY.derive("one") == SigningKey(KEY.private).derive("one")
    assert KEY.derive("one") != KEY.derive("two")
