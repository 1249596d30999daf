"""What the migration of realtime needs to know: both endpoints, and who talks there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cyphr.foundation.postgres import Side
from cyphr.migrate.authority import Authority
from cyphr.migrate.realtime.account import CanaryAccount


@dataclass(frozen=True)
class RealtimePlaces:
    """Where clients connect today and where they will, and the canaries' accounts."""

    authority: Authority
    """Owner's connection to the database that has the authority: the switchboard."""
    endpoints: Mapping[Side, str]
    """The WebSocket address of each side."""
    canaries: tuple[CanaryAccount, CanaryAccount]
    canary_pin: Callable[[], str]
    """Reads the PIN of both. Raises InvalidInput when it cannot."""
