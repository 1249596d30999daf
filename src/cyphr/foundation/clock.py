"""Time, in the two kinds that must not be confused."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock, aware, in UTC: for timestamps that people see."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps: for durations and deadlines."""
    return time.monotonic()
