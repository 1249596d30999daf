"""PINs: hashed with argon2id, in threads of their own, so that neither the event loop nor a transaction waits."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_THREADS = 2
# OWASP's parameters: 19 MiB, two passes.
_PASSES, _MEMORY_KIB = 2, 19 * 1024


class Pins:
    """Hashes and checks PINs."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pins")
        self._nobody = self._hasher.hash("a PIN that nobody has")

    async def hash(self, pin: str) -> str:
        """The encoded hash to store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, pin)

    async def matches(self, pin_hash: str | None, pin: str) -> bool:
        """Whether ``pin`` is right. Without a hash the same work is done, and the answer is no."""
        known = pin_hash is not None and pin_hash.startswith("$argon2id$")
        against = pin_hash if known and pin_hash is not None else self._nobody
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, against, pin) and known

    def is_outdated(self, pin_hash: str) -> bool:
        """Whether a hash that was right was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(pin_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _verify(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin)
        except (VerificationError, InvalidHashError):
            return False
