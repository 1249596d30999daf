"""What people prove with: an authenticator that makes codes, and a passkey (ES256) in software."""

import hashlib
import json
import secrets
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.e2e.messenger.client import Client

SITE = "localhost"
ORIGIN = "https://localhost"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Makes codes from a secret. Its clock is a step ahead, which is allowed: nobody waits for a new code."""

    secret: str

    def code(self, ahead: int = 1) -> str:
        """The code of ``ahead`` time steps from now."""
        return pyotp.TOTP(self.secret).generate_otp(int(time.time()) // 30 + ahead)

    def wrong(self) -> str:
        """A code that is none of those around now."""
        near = {self.code(ahead) for ahead in range(-3, 4)}
        return next(code for code in (f"{number:06d}" for number in range(10)) if code not in near)


@dataclass
class Passkey:
    """A private key that signs what it is asked, for one site, and counts."""

    origin: str = ORIGIN
    verified: bool = True
    counts: bool = True
    counter: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.create`` answers."""
        self.user = _bytes(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        attested = cbor2.dumps(
            {"fmt": "none", "attStmt": {}, "authData": self._state(options["rp"]["id"], _ATTESTED) + credential}
        )
        client = self._client("webauthn.create", options["challenge"])
        return self._credential({"clientDataJSON": _text(client), "attestationObject": _text(attested)})

    def answer(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.get`` answers."""
        self.counter += self.counts
        state = self._state(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(state + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": _text(client),
                "authenticatorData": _text(state),
                "signature": _text(signature),
                "userHandle": _text(self.user),
            }
        )

    def _state(self, site: str, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response}


async def set_up_authenticator(person: Client) -> tuple[Authenticator, list[str]]:
    """Give a person an authenticator, confirmed with the code of now; and their first recovery codes."""
    begun = await person.post("/v1/me/factors/totp", {"name": "phone"})
    assert begun.status_code == 201, begun.text
    authenticator = Authenticator(begun.json()["secret"])
    path = f"/v1/me/factors/totp/{begun.json()['id']}/confirm"
    confirmed = await person.post(path, {"code": authenticator.code(0)})
    assert confirmed.status_code == 200, confirmed.text
    return authenticator, confirmed.json()["recovery_codes"]


async def set_up_passkey(person: Client, passkey: Passkey | None = None) -> Passkey:
    """Give a person a passkey."""
    passkey = passkey or Passkey()
    asked = await person.post("/v1/me/factors/passkeys/options", None)
    assert asked.status_code == 200, asked.text
    body = {"challenge": asked.json()["challenge"], "name": "key", "credential": passkey.make(asked.json()["options"])}
    added = await person.post("/v1/me/factors/passkeys", body)
    assert added.status_code == 201, added.text
    return passkey


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")
