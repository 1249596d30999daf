"""Access tokens: only ours, only now, only for this."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAuthenticated
from cyphr.foundation.settings import MessengerSettings, PostgresSettings
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.tokens import AccessTokens
from cyphr.messenger.shared import accepted_keys, factor_sealer, root_key, signing_key

KEY = SigningKey(Ed25519PrivateKey.generate())
TOKENS = AccessTokens(KEY, "cyphr")
ANNA = Identity(user_id=uuid4(), session_id=uuid4())


def _signed(claims: dict[str, object], key: SigningKey = KEY, **header: object) -> str:
    return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": KEY.id, **header})


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
        TOKENS.verify(_signed(claims))


def test_a_token_signed_by_another_key_or_with_our_public_key_as_a_secret_is_refused() -> None:
    claims = jwt.decode(TOKENS.issue(ANNA), options={"verify_signature": False})
    public = KEY.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    for token in (
        _signed(claims, SigningKey(Ed25519PrivateKey.generate())),
        jwt.encode(claims, public, algorithm="HS256", headers={"kid": KEY.id}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": KEY.id}),
    ):
        with pytest.raises(NotAuthenticated):
            TOKENS.verify(token)


def test_a_key_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (rsa, b"nonsense"):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"key\.pem"):
            signing_key(_settings(token_key_file=path))
        with pytest.raises(InvalidInput, match=r"ACCEPTED_TOKEN_KEYS_FILE .*key\.pem"):
            accepted_keys(_settings(token_key=_pem(KEY), accepted_token_keys_file=path))
    with pytest.raises(InvalidInput, match="missing"):
        signing_key(_settings(token_key_file=tmp_path / "missing.pem"))


def test_tokens_of_accepted_keys_are_taken_by_their_kid_alone() -> None:
    former, unknown = SigningKey(Ed25519PrivateKey.generate()), SigningKey(Ed25519PrivateKey.generate())
    tokens = AccessTokens(KEY, "cyphr", [former.verifying])
    assert tokens.verify(AccessTokens(former, "cyphr").issue(ANNA)) == ANNA
    assert jwt.get_unverified_header(tokens.issue(ANNA))["kid"] == KEY.id
    assert [one["kid"] for one in tokens.public_keys()] == [KEY.id, former.id]
    claims = jwt.decode(tokens.issue(ANNA), options={"verify_signature": False})
    assert tokens.verify(_signed(claims, former, kid=former.id)) == ANNA
    for key, kid in ((unknown, unknown.id), (unknown, former.id), (former, KEY.id), (KEY, "x")):
        with pytest.raises(NotAuthenticated):
            tokens.verify(_signed(claims, key, kid=kid))
    with pytest.raises(NotAuthenticated):
        tokens.verify(jwt.encode(claims, KEY.private, algorithm="EdDSA"))  # no kid at all
    with pytest.raises(NotAuthenticated):
        TOKENS.verify(AccessTokens(former, "cyphr").issue(ANNA))


def test_several_keys_are_read_from_one_text_public_or_private() -> None:
    first, second = SigningKey(Ed25519PrivateKey.generate()), SigningKey(Ed25519PrivateKey.generate())
    public = first.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    settings = _settings(token_key=_pem(KEY), accepted_token_keys=f"the former:\n{public}\nthe next:\n{_pem(second)}")
    assert accepted_keys(settings) == [first.verifying, second.verifying]
    assert accepted_keys(_settings(token_key=_pem(KEY))) == []


def test_other_secrets_stay_when_the_token_key_is_changed_beside_a_root_key() -> None:
    new = _pem(SigningKey(Ed25519PrivateKey.generate()))
    assert root_key(_settings(token_key=_pem(KEY))).id == KEY.id
    changed = _settings(token_key=new, root_key=_pem(KEY))
    assert (root_key(changed).id, signing_key(changed).id == KEY.id) == (KEY.id, False)
    sealed = factor_sealer(_settings(token_key=_pem(KEY)), KEY).seal(b"secret", b"row")
    assert factor_sealer(changed, root_key(changed)).open(sealed, b"row") == b"secret"


def _pem(key: SigningKey) -> str:
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _settings(**given: Any) -> MessengerSettings:
    database = PostgresSettings(host="h", dbname="d", user="u", password=SecretStr("p"))
    return MessengerSettings(aws_database=database, **given)


def test_secrets_for_different_purposes_differ_and_are_the_same_on_every_server() -> None:
    assert KEY.derive("one") == SigningKey(KEY.private).derive("one")
    assert KEY.derive("one") != KEY.derive("two")
