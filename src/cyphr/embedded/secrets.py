"""Secrets of the one-machine stack: made once, kept in files that only their owner can read."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

_SYMBOLS = "$'\"@:/%#&!"


class SecretFolder:
    """A folder with one file per secret."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of one secret, for settings that take a path."""
        return self.folder / name

    def password(self, name: str) -> SecretStr:
        """The password kept under ``name``; a new random one if there is none yet."""
        # The symbols are those that shells and URLs once mangled: whoever escapes by hand notices here first.
        return SecretStr(self._ensure(name, lambda: secrets.token_urlsafe(18) + _SYMBOLS))

    def token_key(self, name: str = "token-key.pem") -> Path:
        """The file of the Ed25519 key that signs access tokens."""
        self._ensure(name, _new_ed25519_pem)
        return self.path(name)

    def factor_key(self) -> Path:
        """The file of the key that seals authenticators' secrets."""
        self._ensure("factor-key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        return self.path("factor-key")

    def supabase_secret(self) -> Path:
        """The file of what the Supabase side's Auth signs its tokens with."""
        self._ensure("supabase-jwt-secret", lambda: secrets.token_urlsafe(40))
        return self.path("supabase-jwt-secret")

    def _ensure(self, name: str, make: Callable[[], str]) -> str:
        path = self.path(name)
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_secret(path, make())
        return path.read_text().rstrip("\n")


def write_secret(path: Path, value: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value.rstrip("\n") + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _new_ed25519_pem() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
