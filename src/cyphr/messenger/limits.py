"""How often one address may ask for what needs no sign-in, and one person may send; and from which
pages a browser may open a socket.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import RateLimited

_MOST_BUCKETS = 100_000


class TokenBuckets:
    """A token bucket for each key: ``burst`` at once, ``per_minute`` in the long run. Of this process only."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self._rate = per_minute / 60.0
        self._burst = float(burst)
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, address: str, route: str) -> None:
        """Take one token. Raises RateLimited with the seconds until there is one."""
        wait = self.wait(address, route)
        if wait:
            raise RateLimited("too many requests; try again later", retry_after=int(wait) + 1)

    def wait(self, who: str, what: str) -> float:
        """Take one token if there is one; else how many seconds until there is."""
        now = monotonic()
        tokens, since = self._buckets.get((who, what), (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        if tokens < 1.0:
            return (1.0 - tokens) / self._rate
        if len(self._buckets) >= _MOST_BUCKETS:
            self._forget_full(now)
        self._buckets[who, what] = (tokens - 1.0, now)
        return 0.0

    def _forget_full(self, now: float) -> None:
        # A bucket that has filled up again says nothing.
        self._buckets = {
            key: (tokens, since)
            for key, (tokens, since) in self._buckets.items()
            if tokens + (now - since) * self._rate < self._burst
        }


def is_welcome(origin: str | None, host: str | None, origins: Collection[str]) -> bool:
    """Whether a page of ``origin`` may open a socket on ``host``. What is no browser sends none."""
    return origin is None or origin in origins or urlsplit(origin).netloc == host
