"""Identifiers."""

import os
import secrets
import time
from uuid import UUID

_RANDOM_BYTES = 10
_DRAWN_AT_ONCE = 256

_drawn: list[int] = []
# A child must not give out what its parent gives out, too.
os.register_at_fork(after_in_child=_drawn.clear)


def uuid7() -> UUID:
    """A UUID that sorts by its time of creation (RFC 9562, version 7: 48 bits of milliseconds, 74 random bits)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | _random_bits()
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def _random_bits() -> int:
    """80 of them. Each is used once, by one thread; the system is asked for many at once, for asking is what takes."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            many = secrets.token_bytes(_DRAWN_AT_ONCE * _RANDOM_BYTES)
            _drawn.extend(int.from_bytes(many[at : at + _RANDOM_BYTES]) for at in range(0, len(many), _RANDOM_BYTES))
