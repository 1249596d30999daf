"""The operator's two accounts that the migration of realtime lets talk: made as anybody's is."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import httpx

from cyphr.embedded.secrets import write_secret

_EMAILS = ("first.canary@operators.cyphr.test", "second.canary@operators.cyphr.test")


@dataclass(frozen=True)
class Canaries:
    """Two accounts, and a file with the PIN of both."""

    emails: tuple[str, str]
    pin_file: Path


async def register_canaries(url: str, folder: Path) -> Canaries:
    """Register both with the messenger at ``url``; ``folder`` is there. Raises httpx.HTTPError when it refuses."""
    pin, pin_file = str(10**5 + secrets.randbelow(9 * 10**5)), folder / "canary-pin"
    write_secret(pin_file, pin)
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        for email in _EMAILS:
            await _register(http, email, pin)
    return Canaries(_EMAILS, pin_file)


async def _register(http: httpx.AsyncClient, email: str, pin: str) -> None:
    (await http.post("/v1/accounts/codes", json={"email": email})).raise_for_status()
    box = await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})
    code = box.raise_for_status().json()["messages"][0]["code"]
    profile = {"email": email, "code": code, "full_name": "Canary", "pin": pin, "device": "operator"}
    (await http.post("/v1/accounts", json=profile)).raise_for_status()
