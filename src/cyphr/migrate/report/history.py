"""What happened in a migration, read from its journal, and the same as JSON for machines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cyphr.migrate.journal import Event

Direction = Literal["handover", "handback"]
_PHASE = "phase "
_BEGINS = {"handover begins": "handover", "handback begins": "handback"}
_MOVED = {"phase handed over": "handover", "phase handed back": "handback"}
_FAILED = {"handover failed": "handover", "handback failed": "handback"}
_VERIFIED = ("phase verified", "verified", "verification failed")


@dataclass(frozen=True)
class Span:
    """One phase of one service; ``ended`` is None for the one it is in."""

    service: str
    phase: str
    began: datetime
    ended: datetime | None = None

    @property
    def seconds(self) -> float | None:
        return None if self.ended is None else (self.ended - self.began).total_seconds()


@dataclass
class MoveHistory:
    """One handover or handback, with every attempt at it. ``ended`` is None when it never came to an end."""

    service: str
    direction: str
    began: datetime
    ended: datetime | None = None
    attempts: int = 1
    """More than one: a migrator was stopped or killed in the middle of it, and its successor began anew."""
    timing: dict[str, float] = field(default_factory=dict)
    """See ``HandoverTiming``. Empty when the migrator that moved it did not live to write it down."""
    error: str | None = None

    @property
    def outcome(self) -> str:
        """In words."""
        if self.error is not None:
            return f"failed: {self.error}"
        if self.ended is None:
            return "cut short, not finished"
        if not self.timing:
            return "done; the migrator was interrupted under it"
        return "done" if self.attempts == 1 else f"done at attempt {self.attempts}"


@dataclass(frozen=True)
class Check:
    """One verification."""

    service: str
    at: datetime
    checked: int
    differences: list[str]
    notes: list[str]
    seconds: float


@dataclass(frozen=True)
class Closing:
    """The end of one service's way back, and what an operator must know of it."""

    service: str
    at: datetime
    notes: list[str]


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong, whether or not it was overcome."""

    service: str
    at: datetime
    what: str
    message: str


@dataclass
class History:
    """A migration, read from its journal."""

    spans: list[Span] = field(default_factory=list)
    moves: list[MoveHistory] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def services(self) -> list[str]:
        """In the order in which they began."""
        return list(dict.fromkeys(span.service for span in self.spans))

    @property
    def current(self) -> dict[str, Span]:
        """The phase that each service is in."""
        return {span.service: span for span in self.spans if span.ended is None}

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "services": {name: {"phase": span.phase, "since": _iso(span.began)} for name, span in self.current.items()},
            "phases": [
                {"service": s.service, "phase": s.phase, "began": _iso(s.began), "seconds": s.seconds}
                for s in self.spans
            ],
            "handovers": [
                {
                    "service": m.service, "direction": m.direction, "began": _iso(m.began), "ended": _iso(m.ended),
                    "attempts": m.attempts, "outcome": m.outcome, "error": m.error, **m.timing,
                }
                for m in self.moves
            ],
            "verifications": [
                {
                    "service": c.service, "at": _iso(c.at), "checked": c.checked, "differences": c.differences,
                    "notes": c.notes, "seconds": c.seconds,
                }
                for c in self.checks
            ],
            "closings": [{"service": c.service, "at": _iso(c.at), "notes": c.notes} for c in self.closings],
            "errors": [
                {"service": t.service, "at": _iso(t.at), "what": t.what, "message": t.message} for t in self.troubles
            ],
        }  # fmt: skip


def read_history(events: Sequence[Event]) -> History:
    """Make sense of a journal, in whatever state a crash left it."""
    history = History()
    open_span: dict[str, int] = {}
    open_move: dict[str, MoveHistory] = {}
    for event in events:
        if event.event.startswith(_PHASE):
            _change_phase(history, open_span, event)
        if event.event in _BEGINS:
            _begin_move(history, open_move, event)
        elif event.event in _MOVED or event.event in _FAILED:
            _end_move(open_move, event)
        if event.event in _VERIFIED and "checked" in event.detail:
            found = event.detail
            history.checks.append(
                Check(
                    event.service,
                    event.at,
                    found["checked"],
                    found.get("differences", []),
                    found.get("notes", []),
                    found.get("seconds", 0.0),
                )
            )
        if event.event == "phase closed":
            history.closings.append(Closing(event.service, event.at, event.detail.get("notes", [])))
        if message := event.detail.get("error") or (event.event.endswith(" failed") and event.detail.get("message")):
            history.troubles.append(Trouble(event.service, event.at, event.event, str(message)))
    return history


def _change_phase(history: History, open_span: dict[str, int], event: Event) -> None:
    phase = event.event.removeprefix(_PHASE)
    before = open_span.get(event.service)
    if before is not None:
        span = history.spans[before]
        if span.phase == phase:
            return  # said again, by a migrator that was started again: the phase goes on
        history.spans[before] = Span(span.service, span.phase, span.began, event.at)
    open_span[event.service] = len(history.spans)
    history.spans.append(Span(event.service, phase, event.at))


def _begin_move(history: History, open_move: dict[str, MoveHistory], event: Event) -> None:
    direction = _BEGINS[event.event]
    move = open_move.get(event.service)
    if move is not None and move.direction == direction:
        move.attempts += 1
        return
    open_move[event.service] = MoveHistory(event.service, direction, event.at)
    history.moves.append(open_move[event.service])


def _end_move(open_move: dict[str, MoveHistory], event: Event) -> None:
    move = open_move.get(event.service)
    if move is None or move.direction != {**_MOVED, **_FAILED}[event.event]:
        return
    del open_move[event.service]
    move.ended = event.at
    if event.event in _FAILED:
        move.error = str(event.detail.get("message", "for no reason that was written down"))
    else:
        move.timing = {name: float(value) for name, value in event.detail.items() if name.endswith("_ms")}


def move_times(events: Sequence[Event], service: str, direction: str) -> list[tuple[datetime, datetime]]:
    """When each handover (or handback) of ``service`` began and ended. One that a crash cut short began but once."""
    return [
        (move.began, move.ended)
        for move in read_history(events).moves
        if (move.service, move.direction, move.error) == (service, direction, None) and move.ended is not None
    ]


def phase_seconds(events: Sequence[Event]) -> dict[str, float]:
    """How long each service was in each phase that it has left, in seconds: ``{"database copying": 1.2, …}``."""
    seconds: dict[str, float] = {}
    for span in read_history(events).spans:
        if span.seconds is not None:
            name = f"{span.service} {span.phase}"
            seconds[name] = seconds.get(name, 0.0) + span.seconds
    return seconds


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
