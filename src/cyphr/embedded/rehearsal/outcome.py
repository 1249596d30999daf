"""What a rehearsal found: the promises, and the numbers behind them."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from cyphr.embedded.people.audit import Audit
from cyphr.embedded.people.record import Record
from cyphr.embedded.people.veterans import Visit
from cyphr.foundation.postgres import Side
from cyphr.migrate.report.history import History


@dataclass
class Move:
    """One service that changed sides. Times of day are seconds since 1970."""

    service: str
    direction: str
    started_at: float
    ended_at: float
    """With the moment after it, in which a write may still feel it."""
    fence_ms: float = 0.0
    drain_ms: float = 0.0
    check_ms: float = 0.0
    open_ms: float = 0.0
    blocked_ms: float = 0.0
    longest_write_wait_ms: float = 0.0
    killed: bool = False
    """The migrator was killed in the middle of it, so writes waited for its successor."""

    @property
    def title(self) -> str:
        return f"{self.direction} of {self.service}"


@dataclass(frozen=True)
class Step:
    """What the rehearsal said, and when (seconds since 1970)."""

    at: float
    text: str


@dataclass(frozen=True)
class Failure:
    """Why the rehearsal did not come to its end."""

    code: str
    message: str
    after: str
    """The last step before it."""


@dataclass(frozen=True)
class Promise:
    """One promise and whether it was kept; ``kept`` None: the rehearsal ended before that could be told."""

    name: str
    title: str
    value: str
    kept: bool | None
    broken: str = ""
    """The sentence that says how it was broken."""
    findings: list[str] = field(default_factory=list)
    """What exactly was found, by whom or where."""
    logs: tuple[str, ...] = ()
    """Where to look, inside the rehearsal's folder."""


@dataclass
class Outcome:
    """Everything that a rehearsal found."""

    moves: list[Move] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    verifications: dict[str, dict[str, Any]] = field(default_factory=dict)
    audits: dict[Side, Audit] = field(default_factory=dict)
    record: Record | None = None
    visits: list[Visit] = field(default_factory=list)
    """Who signed in with what they had at Supabase Auth, in each phase."""
    rows_copied: int = 0
    verified: bool = False
    killed_in: str | None = None
    wait_limit_ms: float = 250.0
    command: str = ""
    """What was called, to be called again."""
    machine: dict[str, str] = field(default_factory=dict)
    history: History = field(default_factory=History)
    """What the migration's own journal says."""
    steps: list[Step] = field(default_factory=list)
    last_line: dict[str, Any] = field(default_factory=dict)
    """The people's last counters: all that is known of them when the rehearsal ended half-way."""
    failure: Failure | None = None

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
    def differences(self) -> list[str]:
        """Where the two sides are unlike."""
        return [f"{name}: {line}" for name, found in self.verifications.items() for line in found["differences"]]

    @property
    def longest_write_wait_ms(self) -> float:
        """Of all writes around all moves."""
        return max((move.longest_write_wait_ms for move in self.moves), default=0.0)

    @property
    def messages(self) -> int:
        """How many messages were acknowledged."""
        return len(self.record.messages) if self.record else int(self.last_line.get("acknowledged", 0))

    @property
    def people(self) -> int:
        return len(self.record.accounts) if self.record else int(self.last_line.get("people", 0))

    @property
    def kept(self) -> bool:
        """Whether it came to its end with every promise kept."""
        return self.failure is None and not self.broken_promises()

    @property
    def exit_code(self) -> int:
        return 0 if self.kept else 1

    def promises(self) -> list[Promise]:
        """All five, in the order in which people ask."""
        return [
            self._none_of("lost", "Lost writes", self.lost, "acknowledged write", "lost or wrong"),
            self._none_of("doubled", "Doubled writes", self.doubled, "write", "doubled"),
            self._failed_requests(),
            self._verified(),
            self._longest_wait(),
        ]

    def broken_promises(self) -> list[str]:
        """A sentence for each promise that was not kept; empty when all were."""
        return [promise.broken for promise in self.promises() if promise.kept is False]

    def _none_of(self, name: str, title: str, found: list[str], what: str, how: str) -> Promise:
        kept = not found if self.audits or found else None
        logs = ("people/people.json", "migrator/migrator.log")
        return Promise(
            name,
            title,
            "–" if kept is None else f"{len(found):,}",
            kept,
            f"{_count(len(found), what)} {'is' if len(found) == 1 else 'are'} {how}",
            found,
            logs,
        )

    def _failed_requests(self) -> Promise:
        found = self.failed_requests
        failed = len(found) if self.record else int(self.last_line.get("failures", 0))
        by_person = Counter(failure.person for failure in self.record.failures) if self.record else Counter()
        names = ", ".join(person for person, _ in by_person.most_common(3))
        more = f" and {_count(len(by_person) - 3, 'other')}" if len(by_person) > 3 else ""
        by_whom = f" ({names}{more})" if by_person else ""
        return Promise(
            "failed_requests",
            "Failed requests",
            f"{failed:,}",
            False if failed else True if self.record else None,
            f"{_count(failed, 'request')} failed{by_whom}",
            found,
            ("people/people.log", "messenger/server.log"),
        )

    def _verified(self) -> Promise:
        title = "Both sides equal"
        if self.verified:
            return Promise("verified", title, "yes", kept=True)
        unlike = [name for name, found in self.verifications.items() if found["differences"]]
        if not unlike and self.failure is not None:
            return Promise("verified", title, "–", kept=None)
        broken = f"the two sides of {', '.join(unlike)} differ" if unlike else "the two sides were not compared"
        return Promise("verified", title, "no", False, broken, self.differences, ("migrator/migrator.log",))

    def _longest_wait(self) -> Promise:
        long = [move for move in self.moves if move.longest_write_wait_ms > self.wait_limit_ms and not move.killed]
        return Promise(
            "longest_write_wait_ms",
            "Longest wait of a write",
            f"{self.longest_write_wait_ms:,.0f} ms" if self.record and self.moves else "–",
            False if long else True if self.record and self.moves else None,
            self._too_long(long),
            [self._longest_wait_of(move) for move in long],
            ("messenger/server.log", "migrator/migrator.log", "people/people.json"),
        )

    def _too_long(self, long: list[Move]) -> str:
        if not long:
            return ""
        worst = max(long, key=lambda move: move.longest_write_wait_ms)
        others = f", and too long during {_count(len(long) - 1, 'other move')}" if len(long) > 1 else ""
        return f"a write waited {worst.longest_write_wait_ms:,.0f} ms during the {worst.title}{others}"

    def _longest_wait_of(self, move: Move) -> str:
        """What the write was that waited longest, beside how long the move held writes up."""
        wait = self.record.longest_wait(move.started_at, move.ended_at) if self.record else None
        what = f"{wait.kind}, sent {_moment(wait.started_at - move.started_at)}" if wait else "a write"
        return (
            f"{move.title}: {what}, waited {move.longest_write_wait_ms:,.0f} ms (limit {self.wait_limit_ms:g}); "
            f"the move itself held writes for {move.blocked_ms:.1f} ms"
        )

    def as_dict(self) -> dict[str, Any]:
        """For machines: ``docs/reference/rehearsal-report.md`` describes it."""
        return {
            "promises": {
                "lost": len(self.lost),
                "doubled": len(self.doubled),
                "failed_requests": len(self.failed_requests),
                "verified": self.verified,
                "longest_write_wait_ms": round(self.longest_write_wait_ms, 1),
                "broken": self.broken_promises(),
            },
            "kept": self.kept,
            "failure": asdict(self.failure) if self.failure else None,
            "handovers": [asdict(move) for move in self.moves],
            "messages_acknowledged": self.messages,
            "people": self.people,
            "requests": self.record.requests if self.record else 0,
            "resumes": self.record.resumes if self.record else 0,
            "reconnects": self.record.reconnects if self.record else 0,
            "sign_ins": [visit.as_dict() for visit in self.visits],
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
            "wait_limit_ms": self.wait_limit_ms,
            "command": self.command,
            "machine": self.machine,
            "steps": [asdict(step) for step in self.steps],
        }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _moment(seconds: float) -> str:
    return f"{abs(seconds):.3f} s {'before' if seconds < 0 else 'after'} it began"
