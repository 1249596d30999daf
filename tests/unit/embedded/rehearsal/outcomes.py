"""Outcomes to judge: one that kept every promise, to be spoiled."""

from datetime import UTC, datetime, timedelta

from cyphr.embedded.people.audit import Audit
from cyphr.embedded.people.record import Account, MessageSent, Record, Wait
from cyphr.embedded.rehearsal.outcome import Move, Outcome, Step
from cyphr.foundation.postgres import Side
from cyphr.migrate.report.history import History, Span

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seconds(after: float) -> float:
    return START.timestamp() + after


def kept_outcome() -> Outcome:
    """Three people, two messages, one handover; everything is as promised."""
    record = Record("http://127.0.0.1:1", started_at=seconds(0), ended_at=seconds(20))
    for name in ("anna", "boris", "vera"):
        record.accounts[name] = Account(name, f"{name}@example.org", f"@{name}", name.title(), "1234")
    for number in (1, 2):
        client_id = f"client-{number}"
        record.messages[client_id] = MessageSent(
            client_id, f"message-{number}", "chat", number, "anna", "00", "", "socket", seconds(1), 1.0, seconds(1), 1.0
        )
    record.waits = [
        Wait(seconds(1), 4.0, "message"),
        Wait(seconds(5.1), 74.0, "message"),
        Wait(seconds(6), 3.0, "read"),
    ]
    return Outcome(
        moves=[Move("database", "handover", seconds(5), seconds(6), 9.0, 2.0, 1.0, 1.0, 13.0, 74.0)],
        phases={"prepare": 3.0, "database copying": 2.0},
        verifications={"database": {"checked": 1234, "differences": [], "notes": [], "seconds": 0.5}},
        audits={side: Audit(looked_up=5) for side in Side},
        record=record,
        rows_copied=1230,
        verified=True,
        history=History(
            spans=[
                Span("database", "copying", START, START + timedelta(seconds=3)),
                Span("database", "handed over", START + timedelta(seconds=3)),
            ]
        ),
        steps=[Step(seconds(0), "the migration begins"), Step(seconds(20), "the people finish and leave")],
        command="cyphr rehearse --seconds 8",
        machine={"processors": "2"},
    )
