"""One verifier for every issuer's tokens, over issuers that publish their keys on loopback."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Response

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAuthenticated, Unavailable
from cyphr.messenger.sessions.jwks import EitherSource, PublishedKeys, SharedSecret, read_key_set
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.tokens import AccessTokens
from cyphr.messenger.sessions.verifier import LARGEST_TOKEN, CognitoIssuer, Proof, SupabaseIssuer, Verifier
from tests.e2e.messenger.conftest import serve_app
from tests.e2e.messenger.issuer import Publisher, SigningPair, cognito_claims, sign, supabase_claims, unsigned

POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
PROJECT = "https://project.supabase.co/auth/v1"
CLIENT = "client"
SECRET = "a legacy secret of the project, long enough"
SUB = str(uuid4())


@dataclass
class World:
    """Three issuers, and the verifier that knows them."""

    own: AccessTokens
    own_key: SigningKey
    pool_key: SigningPair
    project_key: SigningPair
    pool: Publisher
    verifier: Verifier

    def cognito(self, **changed: Any) -> str:
        return sign(self.pool_key, cognito_claims(POOL, CLIENT, SUB, **changed))

    def supabase(self, **changed: Any) -> str:
        return sign(self.project_key, supabase_claims(PROJECT, SUB, **changed))

    def legacy(self, **changed: Any) -> str:
        return jwt.encode(supabase_claims(PROJECT, SUB, **changed), SECRET, algorithm="HS256")


@asynccontextmanager
async def published(publisher: Publisher) -> AsyncIterator[str]:
    async with serve_app(publisher.app()) as http:
        yield f"{http.base_url}/keys".replace("//keys", "/keys")


@pytest_asyncio.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    key = SigningKey(Ed25519PrivateKey.generate())
    own = AccessTokens(key, "cyphr")
    pool_key, project_key = SigningPair.rsa(), SigningPair.ec()
    pool = Publisher(SigningPair.rsa(), pool_key)
    async with published(pool) as pool_url, published(Publisher(project_key)) as project_url:
        verifier = Verifier(
            own,
            [
                CognitoIssuer(POOL, PublishedKeys(pool_url), [CLIENT]),
                SupabaseIssuer(PROJECT, EitherSource(SharedSecret(SECRET), PublishedKeys(project_url))),
            ],
        )
        yield World(own, key, pool_key, project_key, pool, verifier)


async def test_each_issuers_tokens_say_whose_they_are(world: World) -> None:
    anna = Identity(user_id=uuid4(), session_id=uuid4())
    assert await world.verifier.verify(world.own.issue(anna)) == anna
    for token, issuer in (
        (world.cognito(), "cognito"),
        (world.supabase(), "supabase"),
        (world.legacy(), "supabase"),
    ):
        proof = await world.verifier.verify(token)
        assert isinstance(proof, Proof)
        assert (proof.issuer, proof.subject, proof.strong) == (issuer, SUB, False)
    strong = await world.verifier.verify(world.supabase(aal="aal2"))
    assert isinstance(strong, Proof)
    assert strong.strong


async def test_all_tokens_of_a_family_are_one_session_and_of_different_ones_different(world: World) -> None:
    async def session(**claims: Any) -> Any:
        proof = await world.verifier.verify(world.supabase(**claims))
        assert isinstance(proof, Proof)
        return proof.session_id

    first = await session(session_id="one")
    assert await session(session_id="one", iat=int(now().timestamp()) - 5) == first
    others = [await session(session_id="two"), await session(session_id="one", sub=str(uuid4()))]
    assert len({first, *others}) == 3


COGNITO_LIES: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(now().timestamp()) - 60},
    "issued later": {"iat": int(now().timestamp()) + 3600},
    "not yet": {"nbf": int(now().timestamp()) + 3600},
    "an ID token": {"token_use": "id", "aud": CLIENT},
    "of another app client": {"client_id": "another"},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a number": {"sub": 7},
    "of no family": {"origin_jti": None},
    "without an end": {"exp": None},
    "without a beginning": {"iat": None},
    "with an end that is text": {"exp": "tomorrow"},
    "with an endless end": {"exp": 1e300},
    "of a sub that is too long": {"sub": "x" * 129},
    "of another pool": {"iss": POOL.replace("_abc", "_abd")},
    "of a pool that begins alike": {"iss": POOL + "/"},
    "of two issuers": {"iss": [POOL]},
}


@pytest.mark.parametrize("lie", COGNITO_LIES)
async def test_a_token_of_cognito_that_does_not_fit_is_refused(world: World, lie: str) -> None:
    with pytest.raises(NotAuthenticated):
        await world.verifier.verify(world.cognito(**COGNITO_LIES[lie]))


SUPABASE_LIES: dict[str, dict[str, Any]] = {
    "the anonymous key": {"role": "anon", "sub": None},
    "the service key": {"role": "service_role", "sub": None, "aud": None},
    "of an anonymous person": {"is_anonymous": True},
    "for somebody else": {"aud": "another"},
    "for several": {"aud": ["authenticated", "another"]},
    "for nobody": {"aud": None},
    "of no session": {"session_id": None},
    "of no uuid": {"sub": "x" * 36},
    "expired": {"exp": int(now().timestamp()) - 60},
}


@pytest.mark.parametrize("lie", SUPABASE_LIES)
async def test_a_token_of_supabase_that_does_not_fit_is_refused(world: World, lie: str) -> None:
    for token in (world.supabase(**SUPABASE_LIES[lie]), world.legacy(**SUPABASE_LIES[lie])):
        with pytest.raises(NotAuthenticated):
            await world.verifier.verify(token)


async def test_clocks_may_differ_by_half_a_minute(world: World) -> None:
    moment = int(now().timestamp())
    assert await world.verifier.verify(world.cognito(exp=moment - 10))
    assert await world.verifier.verify(world.cognito(iat=moment + 10))


def _forgeries(world: World) -> dict[str, str]:
    """Tokens that say they are an issuer's, and are signed with what the issuer did not sign with."""
    cognito, supabase = cognito_claims(POOL, CLIENT, SUB), supabase_claims(PROJECT, SUB)
    own = jwt.decode(
        world.own.issue(Identity(user_id=uuid4(), session_id=uuid4())), options={"verify_signature": False}
    )
    pem = world.pool_key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    raw = world.own_key.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    mine = SigningPair.rsa()
    return {
        "none": unsigned(cognito, kid=world.pool_key.kid),
        "none, in capitals": unsigned(cognito, kid=world.pool_key.kid, alg="NONE"),
        "our own with none": unsigned(own),
        "the public key as a secret": _hmac(cognito, pem, kid=world.pool_key.kid),
        "our public key as a secret": _hmac(own, raw, kid=world.own_key.id),
        "the project's public key as a secret": _hmac(
            supabase,
            world.project_key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            kid=world.project_key.kid,
        ),
        "the empty secret": _hmac(supabase, b""),
        "the pool's key for the project's token": sign(world.pool_key, supabase),
        "the project's key for the pool's token": sign(world.project_key, cognito),
        "the project's secret for the pool's token": _hmac(cognito, SECRET.encode(), kid=world.pool_key.kid),
        "the pool's key for our token": sign(world.pool_key, own),
        "the project's secret for our token": _hmac(own, SECRET.encode()),
        "our key for the pool's token": jwt.encode(
            cognito, world.own_key.private, algorithm="EdDSA", headers={"kid": world.own_key.id}
        ),
        "a key of one's own under the pool's kid": sign(mine, cognito, kid=world.pool_key.kid),
        "a key of one's own in the header": sign(mine, cognito, jwk=mine.public()),
        "a key of one's own at jku": sign(mine, cognito, jku="https://attacker.example/keys"),
        "a key of one's own at x5u": sign(mine, cognito, x5u="https://attacker.example/keys", x5c=["AAAA"]),
        "a kid that is a path": sign(mine, cognito, kid="../../../../dev/null"),
        "a kid that is SQL": sign(mine, cognito, kid="' or 1=1 --"),
        "a kid that is a URL": sign(mine, cognito, kid="https://attacker.example/key"),
        "an unknown critical header": sign(world.pool_key, cognito, crit=["exp"], exp=1),
        "another algorithm of the same key": jwt.encode(
            cognito, world.pool_key.private, algorithm="RS512", headers={"kid": world.pool_key.kid}
        ),
        "the padding of another": jwt.encode(
            cognito, world.pool_key.private, algorithm="PS256", headers={"kid": world.pool_key.kid}
        ),
    }


def _hmac(claims: dict[str, Any], secret: bytes, **header: Any) -> str:
    # By hand: the library refuses to sign with what is a public key.
    parts = ({"alg": "HS256", "typ": "JWT", **header}, claims)
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    signature = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_no_issuers_key_signs_for_another_and_nobody_chooses_key_or_algorithm(world: World) -> None:
    assert await world.verifier.verify(_hmac(supabase_claims(PROJECT, SUB), SECRET.encode(), kid="any"))
    asked = world.pool.asked
    assert [name for name, token in _forgeries(world).items() if await _passes(world, token)] == []
    assert world.pool.asked <= asked + 1, "each unknown kid had the keys fetched"


async def _passes(world: World, token: str) -> bool:
    try:
        await world.verifier.verify(token)
    except NotAuthenticated:
        return False
    return True


async def test_what_is_no_token_or_a_monstrous_one_is_refused(world: World) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 9000).decode()
    header = base64.urlsafe_b64encode(b'{"alg":"RS256"}').rstrip(b"=").decode()
    claims = cognito_claims(POOL, CLIENT, SUB)
    for token in (
        "",
        ".",
        "..",
        "a.b.c",
        "ü.ü.ü",
        f"{header}.{deep}.x",
        f"{deep}.{header}.x",
        f"{header}.W10.x",
        f"{header}.{base64.urlsafe_b64encode(b'1').decode()}.x",
        sign(world.pool_key, claims | {"padding": "x" * LARGEST_TOKEN}),
        sign(world.pool_key, claims, kid="x" * LARGEST_TOKEN),
    ):
        with pytest.raises(NotAuthenticated):
            await world.verifier.verify(token)
    assert await world.verifier.verify(sign(world.pool_key, claims | {"padding": "x" * 8000}))


# How keys are had.


async def test_keys_are_fetched_once_and_again_for_a_new_one_but_not_for_every_unknown_one() -> None:
    first, second = SigningPair.rsa(), SigningPair.rsa()
    publisher = Publisher(first)
    async with published(publisher) as url:
        keys = PublishedKeys(url, ask_again_seconds=0)
        for _ in range(3):
            assert (await keys.find(first.kid, "RS256")).algorithm == "RS256"
        assert publisher.asked == 1
        publisher.pairs = [second]
        assert await keys.find(second.kid, "RS256")
        with pytest.raises(NotAuthenticated):
            await keys.find(first.kid, "RS256")  # it was taken away
        patient = PublishedKeys(url)
        asked = publisher.asked
        for number in range(20):
            with pytest.raises(NotAuthenticated):
                await patient.find(f"unknown {number}", "RS256")
        assert publisher.asked == asked + 1


@pytest.mark.parametrize(
    "instead",
    [
        Response("down", 503),
        Response("", 302, {"location": "http://127.0.0.1:1/keys"}),
        Response("not json"),
        Response("[]"),
        Response('{"keys": []}'),
        Response('{"keys": {}}'),
        Response(" " * 100_000),
        Response("[" * 60_000),
        Response(json.dumps({"keys": [SigningPair.ec().public() for _ in range(21)]})),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.body[:16]!r}",
)
async def test_the_last_good_keys_stay_when_the_issuer_answers_badly(instead: Response) -> None:
    pair, publisher = SigningPair.rsa(), Publisher()
    publisher.instead = instead
    async with published(publisher) as url:
        with pytest.raises(Unavailable):  # not "sign in": nobody is signed out because an issuer is down
            await PublishedKeys(url).find(pair.kid, "RS256")
        publisher.pairs, publisher.instead = [pair], None
        keys = PublishedKeys(url, ask_again_seconds=0)
        assert await keys.find(pair.kid, "RS256")
        publisher.instead = instead
        with pytest.raises(NotAuthenticated):
            await keys.find("unknown", "RS256")
        assert await keys.find(pair.kid, "RS256")


def _told(change: Callable[[dict[str, Any]], Any]) -> bytes:
    other, sound = SigningPair.rsa().public(), SigningPair.ec().public() | {"kid": "sound"}
    change(other)
    return json.dumps({"keys": [other, sound, "nonsense", {"kty": "oct", "kid": "secret", "k": "AAAA"}]}).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key.update(use="enc"),
        lambda key: key.update(alg="HS256"),
        lambda key: key.update(alg="RS512"),
        lambda key: key.update(kty="oct", k="AAAA"),
        lambda key: key.update(d="AQAB"),
        lambda key: key.update(n="AQAB"),
        lambda key: key.update(kty="unheard of"),
        lambda key: key.pop("kid"),
        lambda key: key.update(kid=7),
        lambda key: key.update(kid=["list"]),
    ],
)
def test_a_key_that_is_not_for_checking_signatures_is_left_out_and_spoils_no_other(change: Any) -> None:
    assert set(read_key_set(_told(change))) == {"sound"}


def test_two_keys_of_one_name_are_refused() -> None:
    one, two = SigningPair.rsa().public(), SigningPair.rsa().public()
    with pytest.raises(ValueError, match="same kid"):
        read_key_set(json.dumps({"keys": [one, two | {"kid": one["kid"]}]}).encode())


@pytest.mark.parametrize("url", ["http://keys.example/keys", "ftp://127.0.0.1/keys", "file:///etc/passwd", "keys", ""])
def test_keys_are_fetched_over_https_or_from_this_machine_only(url: str) -> None:
    with pytest.raises(InvalidInput, match="HTTPS"):
        PublishedKeys(url)
    PublishedKeys("https://keys.example/keys")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(InvalidInput, match="32 bytes"):
        SharedSecret("short")
