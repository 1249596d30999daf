"""A migration's history as one HTML page."""

from datetime import datetime

from cyphr.migrate.report.history import Check, History, MoveHistory
from cyphr.migrate.report.markdown import duration, milliseconds
from cyphr.migrate.report.page import Html, bullets, markup, page, section, status, table
from cyphr.migrate.report.timeline import timeline

_TIMINGS = {
    "fence_ms": "fence",
    "drain_ms": "drain",
    "check_ms": "check",
    "open_ms": "open",
    "blocked_ms": "writes held",
}


def as_page(history: History, at: datetime) -> str:
    """The whole report, as of ``at``."""
    standing = ", ".join(f"{name} {span.phase}" for name, span in history.current.items())
    head = markup(
        '<header><div class="mark" aria-hidden="true">C</div><div><h1>{standing}</h1>'
        '<p class="meta">Migration from Supabase to AWS, as of {at}</p></div></header>\n',
        standing=f"{standing[:1].upper()}{standing[1:]}" or "Nothing has happened yet",
        at=at.strftime("%Y-%m-%d %H:%M:%S %Z"),
    )
    sections = [head]
    if history.spans:
        sections.append(section("Phases", timeline(history.spans, history.spans[0].began, at), phases_table(history)))
        sections.append(section("Handovers and handbacks", moves_table(history.moves)))
        sections.append(section("Verifications", *checks(history.checks)))
        sections += [
            section(f"Closing of {closing.service}", bullets(closing.notes, shown=len(closing.notes)))
            for closing in history.closings
            if closing.notes
        ]
        troubles = table(
            ("service", "at", "what", "message"),
            [(t.service, t.at.strftime("%H:%M:%S"), t.what, t.message) for t in history.troubles],
        )
        sections.append(section("Errors", troubles if history.troubles else markup("<p>None.</p>")))
    return page("Cyphr: the migration", markup("{sections}", sections=sections))


def phases_table(history: History) -> Html:
    """Every phase of every service with its duration."""
    return table(
        ("service", "phase", "began", "took"),
        [(s.service, s.phase, s.began.strftime("%Y-%m-%d %H:%M:%S"), duration(s.seconds)) for s in history.spans],
        numbers=("took",),
    )


def moves_table(moves: list[MoveHistory]) -> Html:
    """Every handover and handback with its timing."""
    if not moves:
        return markup("<p>None yet.</p>")
    return table(
        ("service", "direction", "began", *_TIMINGS.values(), "outcome"),
        [
            (
                move.service,
                move.direction,
                move.began.strftime("%H:%M:%S"),
                *(milliseconds(move.timing.get(name)) for name in _TIMINGS),
                status(move.error is None and move.ended is not None, move.outcome),
            )
            for move in moves
        ],
        numbers=tuple(_TIMINGS.values()),
    )


def checks(found: list[Check]) -> list[Html]:
    """Every verification, and what the last one of each service had to say."""
    if not found:
        return [markup("<p>None yet.</p>")]
    lines = table(
        ("service", "at", "compared", "took", "result"),
        [
            (
                check.service,
                check.at.strftime("%H:%M:%S"),
                f"{check.checked:,}",
                duration(check.seconds),
                status(
                    not check.differences, f"{len(check.differences)} differences" if check.differences else "equal"
                ),
            )
            for check in found
        ],
        numbers=("compared", "took"),
    )
    last = {check.service: check for check in found}.values()
    return [lines, *(remark for check in last for remark in remarks(check.service, check.differences, check.notes))]


def remarks(service: str, differences: list[str], notes: list[str]) -> list[Html]:
    """Differences and notes of one verification, when there are any."""
    parts = []
    if differences:
        parts.append(markup("<h3>{service}: what differs</h3>{list}", service=service, list=bullets(differences)))
    if notes:
        parts.append(markup("<h3>{service}: good to know</h3>{list}", service=service, list=bullets(notes)))
    return parts
