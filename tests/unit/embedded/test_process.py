"""A process is known again by its pid and its start time, and only then touched."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from cyphr.embedded.process import ended, is_alive, last_lines, read_note, spawn, terminate

_WAIT = "import signal; print('ready', flush=True); signal.pause()"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"


async def test_a_spawned_process_is_found_by_its_note_until_it_ends(tmp_path: Path) -> None:
    known = spawn([sys.executable, "-c", _WAIT], log=tmp_path / "log", note=tmp_path / "note")
    assert read_note(tmp_path / "note") == known
    assert os.getsid(known.pid) == known.pid  # a Ctrl-C in our terminal does not reach it
    await terminate(known, signal.SIGTERM)
    assert read_note(tmp_path / "note") is None


async def test_a_process_that_ignores_the_signal_is_killed_when_patience_ends(tmp_path: Path) -> None:
    known = spawn([sys.executable, "-c", _STUBBORN], log=tmp_path / "log", note=tmp_path / "note")
    while "ready" not in last_lines(tmp_path / "log"):
        assert not await ended(known, 0.01)
    await terminate(known, signal.SIGTERM, patience=0.1)
    assert not is_alive(known)


async def test_another_process_with_the_same_pid_is_not_terminated(tmp_path: Path) -> None:
    known = spawn([sys.executable, "-c", _WAIT], log=tmp_path / "log", note=tmp_path / "note")
    try:
        await terminate(replace(known, started=known.started - 1), signal.SIGKILL)
        assert is_alive(known)
    finally:
        await terminate(known, signal.SIGKILL)


def test_a_note_cut_short_by_a_crash_names_no_process(tmp_path: Path) -> None:
    (tmp_path / "note").write_text('{"pid": 12')
    assert read_note(tmp_path / "note") is None
    assert read_note(tmp_path / "missing") is None


def test_only_the_end_of_a_long_log_is_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(10_000)))
    assert last_lines(tmp_path / "log", 2) == "line 9998\nline 9999"
    assert last_lines(tmp_path / "missing") == "(no log was written)"
