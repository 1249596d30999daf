"""What happened in a migration, from its journal."""

from collections.abc import Sequence

from cyphr.migrate.journal import Event

_PHASE = "phase "


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
