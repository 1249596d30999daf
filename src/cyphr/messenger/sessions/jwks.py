"""Where the keys of a token's issuer come from: a secret that is shared, or a set that the issuer publishes.

A key has one algorithm, which is told by the key and never by the token. What a token's header offers in the way of
keys (``jwk``, ``jku``, ``x5u``, ``x5c``) is not looked at.
"""

import asyncio
import ipaddress
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import InvalidInput, NotAuthenticated, Unavailable

if TYPE_CHECKING:
    import httpx

_logger = logging.getLogger(__name__)

_MOST_KEYS = 20
_LARGEST_SET = 64 * 1024
_LEAST_RSA_BITS = 2048
_LEAST_SECRET_BYTES = 32
_FETCH_SECONDS = 5.0
_ASK_AGAIN_SECONDS = 60.0
_FRESH_SECONDS = 3600.0


@dataclass(frozen=True)
class Key:
    """A key to check signatures with, and the one algorithm that it is for."""

    algorithm: str
    material: Any


class KeySource(Protocol):
    """The keys of one issuer."""

    async def find(self, kid: str | None, algorithm: object) -> Key:
        """The key of a token whose header says this. Raises NotAuthenticated when there is none, Unavailable when
        none can be had now.
        """
        ...


class SharedSecret:
    """A secret for HS256, as Supabase signed with before it had keys of its own. Its ``kid`` says nothing."""

    def __init__(self, secret: str) -> None:
        if len(secret.encode()) < _LEAST_SECRET_BYTES:
            raise InvalidInput(f"a secret that signs tokens has at least {_LEAST_SECRET_BYTES} bytes")
        self._key = Key("HS256", secret.encode())

    async def find(self, kid: str | None, algorithm: object) -> Key:  # noqa: ARG002 - any kid, and one algorithm
        """See ``KeySource``."""
        if algorithm != self._key.algorithm:
            raise unknown_key()
        return self._key


class EitherSource:
    """The published keys, and for HS256 alone the secret: a published key is never a secret, nor the other way."""

    def __init__(self, secret: SharedSecret, published: "PublishedKeys") -> None:
        self._secret = secret
        self._published = published

    async def find(self, kid: str | None, algorithm: object) -> Key:
        """See ``KeySource``."""
        source: KeySource = self._secret if algorithm == "HS256" else self._published
        return await source.find(kid, algorithm)


class PublishedKeys:
    """A JSON Web Key Set behind a URL, remembered for an hour.

    A ``kid`` that is not in it has it fetched again, at most once a minute, whoever asks. What was fetched last stays
    good while the issuer cannot be reached.
    """

    def __init__(self, url: str, *, ask_again_seconds: float = _ASK_AGAIN_SECONDS) -> None:
        """Raises InvalidInput for a URL that is neither HTTPS nor on this machine."""
        _require_safe(url)
        self._url = url
        self._ask_again = ask_again_seconds
        self._keys: dict[str, Key] = {}
        self._tried: float | None = None
        self._fetched: float | None = None
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: object) -> Key:
        """See ``KeySource``."""
        if not isinstance(kid, str):
            raise unknown_key()
        if kid not in self._keys or self._is_old():
            await self._refresh(kid)
        key = self._keys.get(kid)
        if key is None or key.algorithm != algorithm:
            raise unknown_key()
        return key

    def _is_old(self) -> bool:
        return self._fetched is None or monotonic() - self._fetched > _FRESH_SECONDS

    async def _refresh(self, kid: str) -> None:
        async with self._fetching:  # those who wait here find what the first of them fetched
            if kid in self._keys and not self._is_old():
                return
            if self._tried is None or monotonic() - self._tried >= self._ask_again:
                self._tried = monotonic()
                await self._fetch()
        if self._fetched is None:
            raise Unavailable("the keys that this token was signed with cannot be fetched now; try again in a moment")

    async def _fetch(self) -> None:
        import httpx  # a tenth of the time of a function's start, and most functions never fetch a key

        try:
            async with httpx.AsyncClient(follow_redirects=False, timeout=_FETCH_SECONDS, trust_env=False) as http:
                keys = read_key_set(await _read(http, self._url))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            _logger.warning("the keys at %s could not be fetched: %s", self._url, error)
            return
        self._keys, self._fetched = keys, monotonic()


async def _read(http: "httpx.AsyncClient", url: str) -> bytes:
    """What is there, if it is no more than a set of keys may be. Raises ValueError for anything else."""
    async with asyncio.timeout(_FETCH_SECONDS), http.stream("GET", url) as answer:
        if answer.status_code != 200:  # a redirect too: where keys come from is in the settings
            raise ValueError(f"the answer is {answer.status_code}")
        content = b""
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _LARGEST_SET:
                raise ValueError(f"the answer has more than {_LARGEST_SET} bytes")
    return content


def read_key_set(content: bytes) -> dict[str, Key]:
    """The usable keys of a JSON Web Key Set, by ``kid``. Raises ValueError when it is none, or has too many."""
    try:
        given = json.loads(content)["keys"]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("the answer is no set of keys") from error
    if not isinstance(given, list) or len(given) > _MOST_KEYS:
        raise ValueError(f"a set of keys is a list of at most {_MOST_KEYS}")
    keys: dict[str, Key] = {}
    for one in given:
        key = _read_key(one)
        if key is not None:
            if one["kid"] in keys:
                raise ValueError("two keys have the same kid")
            keys[one["kid"]] = key
    if not keys:
        raise ValueError("none of the keys is one to check signatures with")
    return keys


def _read_key(given: object) -> Key | None:
    """The key, or None for one that is no public key to sign with: an unknown kind must not spoil the others."""
    if not isinstance(given, dict) or not isinstance(given.get("kid"), str):
        return None
    if given.get("use", "sig") != "sig" or "d" in given:
        return None
    try:
        material = jwt.PyJWK(given, algorithm=_BY_KIND.get(str(given.get("kty")))).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    algorithm = _algorithm_of(material)
    if algorithm is None or given.get("alg", algorithm) != algorithm:
        return None
    return Key(algorithm, material)


_BY_KIND = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}


def _algorithm_of(material: object) -> str | None:
    match material:
        case RSAPublicKey() if material.key_size >= _LEAST_RSA_BITS:
            return "RS256"
        case EllipticCurvePublicKey() if material.curve.name == "secp256r1":
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
    return None


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise InvalidInput(f"keys are fetched over HTTPS only, not from {parts.scheme}://{parts.hostname}")


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def unknown_key() -> NotAuthenticated:
    """What every token gets that is signed with no key we know, whatever the reason."""
    return NotAuthenticated("the access token is not valid; sign in")
