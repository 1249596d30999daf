"""What a rehearsal found: the promises, and the numbers behind them."""

from dataclasses import asdict, dataclass, field
from typing import Any

from cyphr.embedded.people.audit import Audit
from cyphr.embedded.people.record import Record
from cyphr.foundation.postgres import Side

_WAIT_LIMIT_MILLISECONDS = 250.0


@dataclass
class Move:
    """One service that changed sides. Times of day are seconds since 1970."""

    service: str
    direction: str
    started_at: float
    ended_at: float
    fence_ms: float = 0.0
    drain_ms: float = 0.0
    blocked_ms: float = 0.0
    longest_write_wait_ms: float = 0.0
    killed: bool = False
    """The migrator was killed in the middle of it, so writes waited for its successor."""


@dataclass
class Outcome:
    """Everything that a rehearsal found."""

    moves: list[Move] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    verifications: dict[str, dict[str, Any]] = field(default_factory=dict)
    audits: dict[Side, Audit] = field(default_factory=dict)
    record: Record | None = None
    rows_copied: int = 0
    verified: bool = False
    killed_in: str | None = None

    @property
    def lost(self) -> list[str]:
        """What was acknowledged and is not there, or was not delivered, on either side."""
        missing = [f"{side}: {line}" for side, audit in self.audits.items() for line in (*audit.lost, *audit.wrong)]
        return missing + (self.record.delivery_problems if self.record else [])

    @property
    def doubled(self) -> list[str]:
        """What is there more often than it was sent, on either side."""
        return [f"{side}: {line}" for side, audit in self.audits.items() for line in audit.doubled]

    @property
    def failed_requests(self) -> list[str]:
        """Every request that did not get its answer."""
        failures = self.record.failures if self.record else []
        return [f"{failure.person}: {failure.what}: {failure.detail}" for failure in failures]

    @property
    def longest_write_wait_ms(self) -> float:
        """Of all writes around all moves."""
        return max((move.longest_write_wait_ms for move in self.moves), default=0.0)

    def broken_promises(self) -> list[str]:
        """A sentence for each promise that was not kept; empty when all were."""
        broken = []
        if self.lost:
            broken.append(f"{len(self.lost)} acknowledged writes are lost or wrong")
        if self.doubled:
            broken.append(f"{len(self.doubled)} writes are doubled")
        if self.failed_requests:
            broken.append(f"{len(self.failed_requests)} requests failed")
        if not self.verified:
            broken.append("the two sides could not be proved equal")
        broken += [
            f"a write waited {move.longest_write_wait_ms:.0f} ms during the {move.direction} of {move.service}"
            for move in self.moves
            if move.longest_write_wait_ms > _WAIT_LIMIT_MILLISECONDS and not move.killed
        ]
        return broken

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "promises": {
                "lost": len(self.lost),
                "doubled": len(self.doubled),
                "failed_requests": len(self.failed_requests),
                "verified": self.verified,
                "longest_write_wait_ms": round(self.longest_write_wait_ms, 1),
                "broken": self.broken_promises(),
            },
            "handovers": [asdict(move) for move in self.moves],
            "messages_acknowledged": len(self.record.messages) if self.record else 0,
            "requests": self.record.requests if self.record else 0,
            "resumes": self.record.resumes if self.record else 0,
            "rows_copied": self.rows_copied,
            "phases": {name: round(seconds, 3) for name, seconds in self.phases.items()},
            "verifications": self.verifications,
            "audits": {
                side: {"looked_up": audit.looked_up, "lost": audit.lost, "doubled": audit.doubled, "wrong": audit.wrong}
                for side, audit in self.audits.items()
            },
            "failures": self.failed_requests,
            "delivery_problems": self.record.delivery_problems if self.record else [],
            "killed_in": self.killed_in,
        }
