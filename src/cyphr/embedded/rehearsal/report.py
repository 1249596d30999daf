"""A rehearsal as one HTML page: the verdict first, then everything that it rests on."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cyphr.embedded.people.audit import Audit
from cyphr.embedded.rehearsal.chart import waits_chart
from cyphr.embedded.rehearsal.outcome import Outcome, Promise
from cyphr.embedded.rehearsal.verdict import verdict
from cyphr.migrate.report.document import remarks
from cyphr.migrate.report.markdown import duration
from cyphr.migrate.report.page import Html, bullets, markup, page, pair, section, status, table
from cyphr.migrate.report.timeline import timeline

_FINDINGS = 20
_MOVE_NUMBERS = ("fence", "drain", "check", "open", "writes held", "longest write")


def as_page(outcome: Outcome) -> str:
    """The whole report."""
    sections = [
        _header(outcome),
        markup('<div class="tiles">{tiles}</div>\n', tiles=[_tile(outcome, one) for one in outcome.promises()]),
        *_broken(outcome),
        *_pictures(outcome),
        *_moves(outcome),
        *_sign_ins(outcome),
        *_verifications(outcome),
        *_audits(outcome),
        *_troubles(outcome),
        pair(*_people(outcome), section("Phases", _phases(outcome))),
        pair(section("Step by step", _steps(outcome)), _machine(outcome)),
    ]
    title = "Cyphr rehearsal: " + ("every promise kept" if outcome.kept else "not all promises kept")
    return page(title, markup("{sections}", sections=sections))


def _header(outcome: Outcome) -> Html:
    began = datetime.fromtimestamp(outcome.steps[0].at, UTC) if outcome.steps else None
    ended = datetime.fromtimestamp(outcome.steps[-1].at, UTC) if outcome.steps else None
    when = ""
    if began and ended:
        when = f"{began:%Y-%m-%d %H:%M:%S} UTC, {duration((ended - began).total_seconds())}"
    word = "Every promise was kept" if outcome.kept else "Ended half-way" if outcome.failure else "A promise was broken"
    return markup(
        '<header><div class="mark" aria-hidden="true">C</div><div><h1>{verdict}</h1>'
        '<p class="meta">{status} · rehearsal of {when}</p></div></header>\n',
        verdict=verdict(outcome),
        status=status(outcome.kept, word),
        when=when,
    )


def _tile(outcome: Outcome, promise: Promise) -> Html:
    word = {True: "kept", False: "broken", None: "not known"}[promise.kept]
    if promise.name == "longest_write_wait_ms" and promise.kept is not None:
        word = f"{word}, limit {outcome.wait_limit_ms:g} ms"
    return markup(
        '<div class="tile{bad}"><div class="name">{title}</div><div class="value">{value}</div>{status}</div>',
        bad=" bad" if promise.kept is False else "",
        title=promise.title,
        value=promise.value,
        status=status(promise.kept, word),
    )


def _broken(outcome: Outcome) -> list[Html]:
    broken = [promise for promise in outcome.promises() if promise.kept is False]
    if not broken:
        return []
    parts = [
        markup(
            "<h3>{what}</h3>{findings}<p class='note'>Logs, in the rehearsal’s folder: {logs}</p>",
            what=promise.broken,
            findings=bullets(promise.findings, shown=_FINDINGS),
            logs=", ".join(promise.logs),
        )
        for promise in broken
    ]
    return [section("What was broken", *parts)]


def _pictures(outcome: Outcome) -> list[Html]:
    """Both pictures on one scale of time, from the migration's beginning to the end of the chatting."""
    spans = outcome.history.spans
    if not spans:
        return []
    start = spans[0].began
    end = datetime.fromtimestamp(outcome.steps[-1].at, UTC) if outcome.steps else spans[-1].began
    if outcome.record is not None:
        end = datetime.fromtimestamp(outcome.record.ended_at, UTC)
    parts = [section("Phases of each service", timeline(spans, start, end))]
    if outcome.record is not None:
        chart = waits_chart(outcome.record.waits, outcome.moves, start, end, outcome.wait_limit_ms)
        about = (
            "From sending to acknowledgement, as the people saw it. Bands are moves. Hover over a dot for its story."
        )
        parts.insert(0, section("How long every write waited", chart, note=about))
    return parts


def _moves(outcome: Outcome) -> list[Html]:
    if not outcome.moves:
        return []
    rows = [
        (
            move.service,
            move.direction,
            datetime.fromtimestamp(move.started_at, UTC).strftime("%H:%M:%S"),
            *(
                "–" if move.killed else f"{value:.1f} ms"
                for value in (move.fence_ms, move.drain_ms, move.check_ms, move.open_ms, move.blocked_ms)
            ),
            f"{move.longest_write_wait_ms:.0f} ms",
            status(None, "migrator killed under it")
            if move.killed
            else status(move.longest_write_wait_ms <= outcome.wait_limit_ms, f"limit {outcome.wait_limit_ms:g} ms"),
        )
        for move in outcome.moves
    ]
    about = (
        "Fence: the old side stops taking writes. Drain: what it took arrives. Check: what changed is compared. "
        "Open: the new side takes writes. Writes held is all of it; longest write is what somebody felt."
    )
    columns = ("service", "direction", "at", *_MOVE_NUMBERS, "promise")
    return [section("Handovers and handbacks", table(columns, rows, numbers=_MOVE_NUMBERS), note=about)]


def _sign_ins(outcome: Outcome) -> list[Html]:
    if not outcome.visits:
        return []
    columns = ("password, first time", "with authenticator", "Supabase's session", "registered", "still signed in")
    rows = [
        (one.phase, one.by_password, one.by_authenticator, one.by_old_session, one.registered, one.still_signed_in)
        for one in outcome.visits
    ]
    about = "People whom Supabase Auth knew, with the password, authenticator or session that they had there."
    return [section("Signing in", table(("phase", *columns), rows, numbers=columns), note=about)]


_COMPARED = {"database": "rows", "files": "objects", "auth": "people", "realtime": "messages"}


def _verifications(outcome: Outcome) -> list[Html]:
    if not outcome.verifications:
        return []
    rows = [
        (
            name,
            f"{found['checked']:,} {_COMPARED.get(name, '')}",
            duration(found.get("seconds") or None) if found.get("seconds") else "–",
            status(
                not found["differences"], f"{len(found['differences'])} differ" if found["differences"] else "equal"
            ),
        )
        for name, found in outcome.verifications.items()
    ]
    extra = [
        part
        for name, found in outcome.verifications.items()
        for part in remarks(name, found["differences"], found.get("notes", []))
    ]
    compared = table(("service", "compared", "took", "both sides"), rows, numbers=("compared", "took"))
    return [section("Both sides, compared at the end", compared, *extra)]


def _audits(outcome: Outcome) -> list[Html]:
    if not outcome.audits:
        return []

    def row(side: str, audit: Audit) -> tuple[object, ...]:
        found = (len(audit.lost), len(audit.doubled), len(audit.wrong))
        return (side, f"{audit.looked_up:,}", *found, status(audit.clean, "all there, once" if audit.clean else "look"))

    rows = [row(side, audit) for side, audit in outcome.audits.items()]
    columns = ("side", "looked up", "lost", "doubled", "wrong", "result")
    about = "Everything that somebody got an acknowledgement for, looked up in each database."
    return [section("Acknowledged writes", table(columns, rows, numbers=columns[1:5]), note=about)]


def _troubles(outcome: Outcome) -> list[Html]:
    if not outcome.history.troubles:
        return []
    rows = [(t.service, t.at.strftime("%H:%M:%S"), t.what, t.message) for t in outcome.history.troubles]
    about = "What the migrator met and, unless a promise is broken above, overcame."
    return [section("Errors on the way", table(("service", "at", "what", "message"), rows), note=about)]


def _people(outcome: Outcome) -> list[Html]:
    record = outcome.record
    if record is None:
        return []
    waits = sorted(wait.wait_ms for wait in record.waits if wait.kind == "message")
    numbers: list[tuple[str, str]] = [
        ("people", f"{len(record.accounts):,}"),
        ("chats", f"{len(record.chats):,}"),
        ("messages acknowledged", f"{len(record.messages):,}"),
        ("messages delivered live", f"{record.received:,}"),
        ("requests", f"{record.requests:,}"),
        ("connections lost on purpose and resumed", f"{record.resumes:,}"),
        ("times that somebody went to the other endpoint", f"{record.reconnects:,}"),
        ("messages sent twice on purpose", f"{record.repeats:,}"),
        ("gaps filled from history", f"{record.gaps:,}"),
        ("wait of a message, median and p99", f"{_quantile(waits, 0.5)} and {_quantile(waits, 0.99)}"),
    ]
    return [section("What the people did", table(("what", "how much"), numbers, numbers=("how much",)))]


def _phases(outcome: Outcome) -> Html:
    rows = [(name, duration(seconds)) for name, seconds in outcome.phases.items()]
    return table(("phase", "took"), rows, numbers=("took",))


def _steps(outcome: Outcome) -> Html:
    rows = [(datetime.fromtimestamp(step.at, UTC).strftime("%H:%M:%S"), step.text) for step in outcome.steps]
    return table(("at (UTC)", "step"), rows)


def _machine(outcome: Outcome) -> Html:
    rows = list(outcome.machine.items())
    command = markup('<code class="command">{command}</code>', command=outcome.command)
    return section("Machine and versions", table(("what", "value"), rows), markup("<h3>The command</h3>{c}", c=command))


def _quantile(ascending: Sequence[float], share: float) -> str:
    return f"{ascending[min(int(len(ascending) * share), len(ascending) - 1)]:.1f} ms" if ascending else "–"
