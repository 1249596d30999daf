"""What a check is, and what it answers with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cyphr.migrate.preflight.context import Context


class Level(StrEnum):
    """How much a finding matters. A failure stops ``start``; a warning must be accepted by name."""

    OK = "ok"
    UNKNOWN = "not looked at"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Finding:
    """What one check saw. ``mend``: what to do about just this, where the check's own advice is too general."""

    level: Level
    saw: str
    mend: str | None = None


@dataclass(frozen=True)
class Check:
    """One thing to be looked at before a migration. ``worst``: the gravest level that it can answer with."""

    name: str
    worst: Level
    why: str
    mend: str
    look: Callable[[Context], Awaitable[Finding]]


@dataclass(frozen=True)
class Result:
    """A check and what it saw this time."""

    check: Check
    finding: Finding

    @property
    def mend(self) -> str:
        """What to do about it; empty when nothing needs doing."""
        if self.finding.level in (Level.OK, Level.UNKNOWN):
            return ""
        return self.finding.mend or self.check.mend

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.check.name,
            "level": self.finding.level.value,
            "saw": self.finding.saw,
            "why": self.check.why,
            "mend": self.mend,
        }


def ok(saw: str) -> Finding:
    return Finding(Level.OK, saw)


def not_looked_at(saw: str) -> Finding:
    return Finding(Level.UNKNOWN, saw)


def warning(saw: str, mend: str | None = None) -> Finding:
    return Finding(Level.WARNING, saw, mend)


def failure(saw: str, mend: str | None = None) -> Finding:
    return Finding(Level.FAILURE, saw, mend)


def listed(names: list[str], most: int = 5) -> str:
    """The first few of many names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
