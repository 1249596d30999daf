"""How fast Cognito may be asked: as fast as it answers, found out by going slower whenever it says so.

Each category of requests has a bucket of its own, because Cognito counts them apart. The quotas belong to the account,
so people who sign in meanwhile use them, too: whoever migrates begins at half and goes up slowly.
"""

import time
from collections.abc import Mapping
from threading import Lock
from types import MappingProxyType
from typing import Literal

from cyphr.foundation.clock import monotonic

Category = Literal["UserCreation", "UserRead", "UserUpdate", "UserList", "UserAccountRecovery", "UserFederation"]

DEFAULT_QUOTAS: Mapping[Category, float] = MappingProxyType(
    {
        "UserCreation": 50.0,
        "UserRead": 120.0,
        "UserUpdate": 25.0,
        "UserList": 30.0,
        "UserAccountRecovery": 30.0,
        "UserFederation": 25.0,
    }
)
"""Requests a second of one account in one region, unless AWS was asked for more.

From "Quotas in Amazon Cognito", https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
"""

_FIRST_SHARE = 0.5
_STEP_SHARE = 0.02  # of the quota, for each second without a refusal
_SLOWEST = 0.5  # requests a second
_CALM_SECONDS = 1.0  # refusals that come together are one: they answer requests that were under way together


class Pace:
    """When the next request of one category may be sent: additive increase, multiplicative decrease. Thread-safe."""

    def __init__(self, quota: float) -> None:
        self._quota = quota
        self._lock = Lock()
        self._rate = max(quota * _FIRST_SHARE, _SLOWEST)
        self._next = self._changed = monotonic()

    @property
    def rate(self) -> float:
        """Requests a second, now."""
        return self._rate

    def reserve(self, now: float) -> float:
        """Take the next turn; how many seconds it is away."""
        with self._lock:
            turn = max(self._next, now)
            self._next = turn + 1.0 / self._rate
            return turn - now

    def answered(self, now: float) -> None:
        """A request was taken: the rate grows with the time since it last changed, up to the quota."""
        with self._lock:
            passed = now - self._changed
            if passed > 0:
                self._rate = min(self._rate + passed * _STEP_SHARE * self._quota, self._quota)
                self._changed = now

    def refused(self, now: float) -> None:
        """A request was too many: half the rate, and nothing for a moment."""
        with self._lock:
            if now < self._changed:
                return
            self._rate = max(self._rate / 2, _SLOWEST)
            self._changed = now + _CALM_SECONDS
            self._next = max(self._next, now + 1.0 / self._rate)


class Paces:
    """A pace for each category. ``factor``: how many times AWS's default quotas the account has."""

    def __init__(self, factor: float = 1.0) -> None:
        self._paces = {category: Pace(quota * factor) for category, quota in DEFAULT_QUOTAS.items()}

    def __getitem__(self, category: Category) -> Pace:
        return self._paces[category]

    def wait(self, category: Category) -> None:
        """Block this thread until a request of the category may be sent."""
        seconds = self._paces[category].reserve(monotonic())
        if seconds > 0:
            time.sleep(seconds)
