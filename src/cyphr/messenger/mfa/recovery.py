"""Recovery codes: written down for the day on which the phone is gone."""

import hmac
import secrets
from uuid import UUID

COUNT = 10
# Without what looks alike. Ten of them are 49 bits, so that nobody guesses one and a keyed hash is enough.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_HALF = 5


def new_codes() -> list[str]:
    """Ten codes as they are shown, like ``k7m2p-x94rd``."""
    return ["-".join(_letters() for _ in range(2)) for _ in range(COUNT)]


def hash_code(key: bytes, user_id: UUID, code: str) -> bytes:
    """What is stored of a code, however it was typed: capitals, spaces and dashes do not matter."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hmac.digest(key, user_id.bytes + plain.encode(), "sha256")


def _letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_HALF))
