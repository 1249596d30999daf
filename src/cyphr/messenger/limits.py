"""How often one address may ask for what needs no sign-in."""

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
        now = monotonic()
        tokens, since = self._buckets.get((address, route), (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        if tokens < 1.0:
            raise RateLimited("too many requests; try again later", retry_after=int((1.0 - tokens) / self._rate) + 1)
        if len(self._buckets) >= _MOST_BUCKETS:
            self._forget_full(now)
        self._buckets[address, route] = (tokens - 1.0, now)

    def _forget_full(self, now: float) -> None:
        # A bucket that has filled up again says nothing.
        self._buckets = {
            key: (tokens, since)
            for key, (tokens, since) in self._buckets.items()
            if tokens + (now - since) * self._rate < self._burst
        }
