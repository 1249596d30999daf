"""What was asked of the database a moment ago, and is not asked again at each request."""

from collections.abc import Callable
from uuid import UUID

from cyphr.foundation.clock import monotonic

BELIEVED_SECONDS = 30.0
"""How long another server's act may go unnoticed."""
_MOST = 100_000


class Beliefs:
    """Ids of which something was true, each for half a minute. A process keeps no more than it has use for."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """``clock``: seconds that only go up."""
        self._clock = clock
        self._until: dict[UUID, float] = {}

    def hold(self, one: UUID) -> bool:
        """Whether it is still believed of this one."""
        until = self._until.get(one)
        return until is not None and until >= self._clock()

    def add(self, one: UUID) -> None:
        """Believe it of this one from now on."""
        if len(self._until) > _MOST:
            self._until.clear()
        self._until[one] = self._clock() + BELIEVED_SECONDS

    def drop(self, one: UUID) -> None:
        """Believe it no longer."""
        self._until.pop(one, None)
