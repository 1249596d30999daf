"""What happened in a migration, from its journal."""

from collections.abc import Sequence
from datetime import datetime

from cyphr.migrate.journal import Event

_PHASE = "phase "


def move_times(events: Sequence[Event], service: str, direction: str) -> list[tuple[datetime, datetime]]:
    """When each handover (or handback) of ``service`` began and ended. One that a crash cut short began but once."""
    ended = {"handover": "phase handed over", "handback": "phase handed back"}[direction]
    times: list[tuple[datetime, datetime]] = []
    began: datetime | None = None
    for event in events:
        if event.service != service:
            continue
        if event.event == f"{direction} begins":
            began = began or event.at
        elif event.event == ended and began is not None:
            times.append((began, event.at))
            began = None
    return times


def phase_seconds(events: Sequence[Event]) -> dict[str, float]:
    """How long each service was in each phase that it has left, in seconds: ``{"database copying": 1.2, …}``."""
    seconds: dict[str, float] = {}
    current: dict[str, Event] = {}
    for event in events:
        if not event.event.startswith(_PHASE):
            continue
        before = current.get(event.service)
        if before is not None:
            name = f"{event.service} {before.event.removeprefix(_PHASE)}"
            seconds[name] = seconds.get(name, 0.0) + (event.at - before.at).total_seconds()
        current[event.service] = event
    return seconds
