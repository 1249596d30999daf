"""What ``status`` shows of a journal's picture."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cyphr.cli.migrate_status import draw, time_left
from cyphr.migrate.journal import Event, Phase, Picture

_BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NOW = _BEGAN + timedelta(seconds=100)


def _phase(phase: str, **progress: Any) -> Phase:
    return Phase("database", phase, _BEGAN, progress, _NOW)


def _drawn(picture: Picture) -> str:
    console = Console(file=StringIO(), width=80, color_system=None)
    with console.capture() as captured:
        console.print(draw(picture, _NOW))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    return " ".join(" ".join(lines).split())


def test_a_copy_under_way_is_shown_in_rows_and_bytes_with_the_time_that_is_left() -> None:
    phase = _phase(
        "copying", rows_copied=1_000, rows_total=4_000, bytes_copied=250_000_000, bytes_total=1_000_000_000, lag_bytes=0
    )
    shown = _drawn(Picture([phase], running=True, verifications={}))
    for words in ("copied 1,000 of 4,000, 250.0 MB of 1.0 GB", "5 min left", "not verified yet"):
        assert words in shown
    assert "no migrator" not in shown


def test_following_is_shown_with_lag_changes_and_the_last_verification() -> None:
    phase = _phase(
        "following",
        rows_copied=4_000,
        lag_bytes=2_048,
        lag_seconds=0.25,
        changes_applied=12_345,
        changes_per_second=320.4,
    )
    verified = Event(_NOW, "database", "verification failed", {"checked": 4_000, "differences": ["a", "b"]})
    shown = _drawn(Picture([phase], running=True, verifications={"database": verified}))
    for words in ("behind 2.0 kB, 0.2 s", "12,345 changes, 320 a second", "4,000, 2 differ"):
        assert words in shown


def test_what_keeps_following_busy_is_shown() -> None:
    phase = _phase("following", busy_with="building what is left of the schema")
    assert "building what is left of the schema" in _drawn(Picture([phase], running=True, verifications={}))


def test_an_error_and_a_dead_migrator_are_not_overlooked() -> None:
    shown = _drawn(Picture([_phase("following", last_error="the stream broke")], running=False, verifications={}))
    assert "the stream broke" in shown
    assert "no migrator is running" in shown
    assert "nothing has been started" in _drawn(Picture([], running=False, verifications={}))


@pytest.mark.parametrize(
    ("phase", "left"),
    [
        (_phase("copying", rows_copied=500, rows_total=1_000), "2 min"),
        (_phase("copying", rows_copied=0, rows_total=1_000), ""),
        (_phase("copying", rows_copied=1_200, rows_total=1_000), ""),
        (_phase("copying", bytes_copied=900, bytes_total=1_000, rows_copied=1, rows_total=1_000), "11 s"),
        (_phase("copying", rows_copied=1, rows_total=2, eta_seconds=30.0), "30 s"),
        (_phase("following", rows_copied=500, rows_total=1_000), ""),
    ],
)
def test_the_time_left_is_by_the_pace_so_far_and_silent_when_it_cannot_be_told(phase: Phase, left: str) -> None:
    assert time_left(phase, _NOW) == left
