"""What every migrated service offers the conductor, and what it answers with."""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

from cyphr.foundation.postgres import Side


@dataclass(frozen=True)
class Verification:
    """What a comparison of both sides found: equal when ``differences`` is empty."""

    checked: int
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What an operator should know and that is no difference: orphans, users without an address."""
    seconds: float = 0.0
    repaired: list[str] = field(default_factory=list)
    """What was made equal before this comparison."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class HandoverTiming:
    """How long each step of moving the authority took, in milliseconds.

    ``blocked_ms``: from asking for the locks until the other side was open; no write could wait longer because of us.
    """

    fence_ms: float
    drain_ms: float
    check_ms: float = 0.0
    open_ms: float = 0.0
    blocked_ms: float = 0.0
    ended: list[str] = field(default_factory=list)
    """Whose transactions were ended for it, as the operator had chosen."""
    left_out: list[str] = field(default_factory=list)
    """Tables whose last changes were applied but not compared, which would take longer than writers may wait."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Service(Protocol):
    """The four rooms of one service. Every method may be called again after a crash and continues."""

    @property
    def name(self) -> str:
        """As the switchboard has it: database, files, auth, realtime."""

    async def prepare(self) -> None:
        """Make what this tool needs for itself on both sides, and settle a handover that was interrupted."""

    async def side(self) -> Side:
        """Where the service stands."""

    async def copy(self) -> None:
        """Bring over what is there."""

    async def follow(self) -> None:
        """Keep up with what changes, in whichever direction, until cancelled."""

    async def verify(self) -> Verification:
        """Compare both sides, whole."""

    async def epoch(self) -> int:
        """How often the authority has moved, in the switchboard's count: it only rises."""

    async def make_ready(self, to: Side) -> list[str]:
        """Refuse a move that is bound to fail before anything is compared; whose transactions were ended for it."""

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""

    async def close(self) -> list[str]:
        """End the way back for good and take away what was made for it. Following has ended. May be repeated.

        What an operator must know or do after it, for the report.
        """

    async def give_up(self) -> None:
        """Take away what was made on Supabase, where the service stands. Following has ended. May be repeated."""

    async def progress(self) -> dict[str, Any]:
        """Numbers for people: what was copied, how far behind, the last error."""


@runtime_checkable
class Repairable(Protocol):
    """A service whose differences are mended on demand; the others set theirs right while following."""

    async def repair(self, limit: int) -> Verification:
        """Make at most ``limit`` places of the receiving side what they are on the sending side, then compare again.

        Raises VerificationFailed, with nothing changed, when more differ.
        """
