"""A migration's history as Markdown."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cyphr.migrate.report.history import History, MoveHistory

_TIMINGS = ("fence_ms", "drain_ms", "check_ms", "open_ms", "blocked_ms")
_MOVE_COLUMNS = ("service", "direction", "began (UTC)", "fence", "drain", "check", "open", "writes held", "outcome")
_SHOWN_DIFFERENCES = 10


def as_markdown(history: History) -> str:
    """The whole report."""
    if not history.spans:
        return "# Migration report\n\nNothing has happened yet: no migrator has run on these databases.\n"
    sections = [
        "# Migration report",
        _table(
            ("service", "phase", "since (UTC)"),
            ((name, span.phase, _moment(span.began)) for name, span in history.current.items()),
        ),
        "## Phases",
        _table(
            ("service", "phase", "began (UTC)", "took"),
            ((s.service, s.phase, _moment(s.began), duration(s.seconds)) for s in history.spans),
        ),
        "## Handovers and handbacks",
        _table(_MOVE_COLUMNS, (_move(move) for move in history.moves)) if history.moves else "None yet.",
        "## Verifications",
        _table(
            ("service", "at (UTC)", "compared", "differences", "took"),
            (
                (c.service, _moment(c.at), f"{c.checked:,}", str(len(c.differences)), duration(c.seconds))
                for c in history.checks
            ),
        )
        if history.checks
        else "None yet.",
        *_findings(history),
        *_closings(history),
        "## Errors",
        _table(
            ("service", "at (UTC)", "what", "message"),
            ((t.service, _moment(t.at), t.what, t.message) for t in history.troubles),
        )
        if history.troubles
        else "None.",
    ]
    return "\n\n".join(sections) + "\n"


def duration(seconds: float | None) -> str:
    """``340 ms``, ``12.3 s``, ``4 min 05 s``, ``3 h 12 min``; a phase that has not ended goes on."""
    if seconds is None:
        return "goes on"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def milliseconds(value: float | None) -> str:
    """A time under the fence; one that nobody wrote down is a dash."""
    return "–" if value is None else f"{value:.1f} ms"


def _move(move: MoveHistory) -> tuple[str, ...]:
    timings = (milliseconds(move.timing.get(name)) for name in _TIMINGS)
    return (move.service, move.direction, _moment(move.began), *timings, move.outcome)


def _findings(history: History) -> Iterable[str]:
    """What the last verification of each service found."""
    for check in {check.service: check for check in history.checks}.values():
        lines = [f"- differs: {_plain(line)}" for line in check.differences[:_SHOWN_DIFFERENCES]]
        if len(check.differences) > _SHOWN_DIFFERENCES:
            lines.append(f"- and {len(check.differences) - _SHOWN_DIFFERENCES:,} more")
        lines += [f"- note: {_plain(line)}" for line in check.notes]
        if lines:
            yield f"Last verification of {check.service}:"
            yield "\n".join(lines)


def _closings(history: History) -> Iterable[str]:
    """What was left to be known when the way back ended, in full: nobody can look it up any more."""
    for closing in history.closings:
        if closing.notes:
            yield f"## Closing of {closing.service}"
            yield "\n".join(f"- {_plain(line)}" for line in closing.notes)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text that cannot end a cell or become markup."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
