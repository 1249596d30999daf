"""Counters of a run while it goes on: what one line of ``cyphr people`` says."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Literal

from cyphr.embedded.people.record import WRITES, Failure, Kind, Record, Wait
from cyphr.foundation.clock import monotonic, now

State = Literal["arriving", "chatting", "leaving", "done"]
"""What the crowd does: everybody registers; they chat; they finish what is in flight and compare; all is over."""


@dataclass(frozen=True)
class Line:
    """The state of the crowd at one moment."""

    at: float
    state: State
    people: int
    """How many hold a resumed WebSocket."""
    acknowledged: int
    received: int
    sent_per_second: float
    longest_wait_ms: float
    """Of the writes that were answered since the last line, or are still waiting."""
    failures: int
    resumes: int
    away: int
    """How many were last connected to another endpoint than the one that they began at."""
    p50_ms: float | None
    """Of the messages acknowledged within the last second; None when there were none."""
    p99_ms: float | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Tally:
    """Counts into ``record`` and keeps what the next line needs."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.state: State = "arriving"
        self.acknowledged = 0
        self._sent: deque[float] = deque()
        self._message_waits: deque[tuple[float, float]] = deque()
        self._longest_ms = 0.0

    def sent(self) -> None:
        """A message left."""
        self._sent.append(monotonic())

    def failed(self, person: str, what: str, detail: str) -> None:
        self.record.failures.append(Failure(now().timestamp(), person, what, detail[:2000]))

    def waited(self, kind: Kind, started_at: float, seconds: float) -> None:
        """A request that started at ``started_at`` (wall clock) was answered after ``seconds``."""
        wait_ms = seconds * 1000
        self.record.waits.append(Wait(started_at, round(wait_ms, 2), kind))
        if kind in WRITES:
            self._longest_ms = max(self._longest_ms, wait_ms)
        if kind == "message":
            self._message_waits.append((monotonic(), wait_ms))

    def line(self, *, online: int, away: int = 0, oldest_write: float | None) -> Line:
        """The next line. ``oldest_write``: when (monotonic) the oldest write left that is still unanswered."""
        moment = monotonic()
        while self._sent and self._sent[0] < moment - 1:
            self._sent.popleft()
        while self._message_waits and self._message_waits[0][0] < moment - 1:
            self._message_waits.popleft()
        waits = sorted(wait for _, wait in self._message_waits)
        pending_ms = 0.0 if oldest_write is None else (moment - oldest_write) * 1000
        longest_ms, self._longest_ms = max(self._longest_ms, pending_ms), 0.0
        return Line(
            at=now().timestamp(),
            state=self.state,
            people=online,
            acknowledged=self.acknowledged,
            received=self.record.received,
            sent_per_second=float(len(self._sent)),
            longest_wait_ms=round(longest_ms, 1),
            failures=len(self.record.failures),
            resumes=self.record.resumes,
            away=away,
            p50_ms=_quantile(waits, 0.5),
            p99_ms=_quantile(waits, 0.99),
        )


def _quantile(ascending: list[float], share: float) -> float | None:
    return round(ascending[min(int(len(ascending) * share), len(ascending) - 1)], 1) if ascending else None
