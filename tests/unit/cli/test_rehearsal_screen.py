"""What a rehearsal looks like in a terminal while it goes on."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from cyphr.cli.rehearsal_screen import Screen
from cyphr.embedded.rehearsal.rehearsal import Moving, Options, Rehearsal
from cyphr.migrate.journal import Phase

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _rehearsal(folder: Path) -> Rehearsal:
    return Rehearsal(Options(folder, folder), say=lambda _: None)


def _line(at: float, wait_ms: float) -> dict[str, Any]:
    return {
        "at": at, "state": "chatting", "people": 20,
        "acknowledged": 1_234_567, "received": 2_345_678,
        "sent_per_second": 41.0, "longest_wait_ms": wait_ms, "failures": 0, "resumes": 12,
        "p50_ms": 4.2, "p99_ms": None,
    }  # fmt: skip


def _drawn(screen: Screen) -> list[str]:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(screen.draw())
    return captured.get().splitlines()


def _watched(rehearsal: Rehearsal) -> None:
    copied = {"rows_copied": 1_200_000, "rows_total": 3_000_000, "lag_bytes": 123_456_789, "changes_applied": 54_321}
    rehearsal.phases = [
        Phase("auth", "handed over", _NOW, {"users_copied": 24, "users_total": 24, "changes_followed": 3}, _NOW),
        Phase("database", "copying", _NOW, copied, _NOW),
        Phase("files", "handed back", _NOW, {"objects_copied": 4, "objects_total": 4}, _NOW),
    ]
    rehearsal.crowd.lines.extend([_line(1000.0, 5.0), _line(1000.1, 80.0)])
    rehearsal.crowd.line = rehearsal.crowd.lines[-1]


def test_everything_fits_into_eighty_columns_whole(tmp_path: Path) -> None:
    rehearsal = _rehearsal(tmp_path / "rehearsal")
    _watched(rehearsal)
    lines = _drawn(Screen(rehearsal))
    assert max(len(line.rstrip()) for line in lines) < 80
    text = "\n".join(lines)
    for words in (
        "40% of 3.0M",
        "123 MB",
        "54,321",
        "1,234,567 acknowledged",
        "2,345,678 delivered",
        "p50 4 ms",
        "p99 –",
        "0 ✓",
    ):
        assert words in text
    assert "…" not in text


def test_every_service_shows_its_side(tmp_path: Path) -> None:
    rehearsal = _rehearsal(tmp_path / "rehearsal")
    _watched(rehearsal)
    words = [line.split()[:3] for line in _drawn(Screen(rehearsal))]
    assert ["auth", "aws", "handed"] in words
    assert ["database", "supabase", "copying"] in words
    assert ["files", "supabase", "handed"] in words


def test_the_longest_wait_counts_from_the_beginning_of_the_move(tmp_path: Path) -> None:
    rehearsal = _rehearsal(tmp_path / "rehearsal")
    _watched(rehearsal)
    screen = Screen(rehearsal)
    assert "longest 80 ms" in "\n".join(_drawn(screen))
    rehearsal.moving = Moving("database", "handover", since=1001.0)
    rehearsal.crowd.lines.extend([_line(1001.2, 33.0), _line(1001.3, 12.0)])
    text = "\n".join(_drawn(screen))
    assert "longest 33 ms in move" in text
    assert "handover of database" in text
    assert "handing over" in text


def test_before_anything_runs_the_screen_says_so(tmp_path: Path) -> None:
    text = "\n".join(_drawn(Screen(_rehearsal(tmp_path / "rehearsal"))))
    assert "building both sides" in text
    assert "no people yet" in text
