"""Identifiers."""

import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """A UUID that sorts by its time of creation (RFC 9562, version 7: 48 bits of milliseconds, 74 random bits)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
