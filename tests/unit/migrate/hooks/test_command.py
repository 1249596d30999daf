"""The operator's command after a handover."""

import asyncio
import sys
from pathlib import Path

import pytest

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.hooks.command import run_command
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.hooks.settings import HandoverSettings


async def test_the_command_learns_which_service_stands_where_from_its_environment(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f'echo "$CYPHR_SERVICE $CYPHR_SIDE $CYPHR_EPOCH" > {seen}'
    hooks = Hooks(HandoverSettings(on_handover=["/bin/sh", "-c", script]), AwsSettings())
    assert await hooks.run("database", Side.AWS, 7) == []
    assert seen.read_text() == "database aws 7\n"


async def test_a_command_that_fails_is_reported_with_the_end_of_what_it_printed() -> None:
    script = "print('x' * 5000); print('no such service'); raise SystemExit(4)"
    hooks = Hooks(HandoverSettings(on_handover=[sys.executable, "-c", script]), AwsSettings())
    (failure,) = await hooks.run("files", Side.SUPABASE, 2)
    assert "ended with code 4" in failure
    assert failure.endswith("no such service")
    assert len(failure) < 2500


def _is_running(process: str) -> bool:
    try:
        return Path("/proc", process, "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_command_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {note}; echo waiting; wait"
    with pytest.raises(Unavailable, match=r"did not end in 1 s and was killed: waiting"):
        await run_command(["/bin/sh", "-c", script], {}, 1)
    async with asyncio.timeout(10):  # the kernel ends it when it gets to it
        while _is_running(note.read_text().strip()):
            await asyncio.sleep(0.01)


async def test_a_command_that_leaves_something_running_in_the_background_is_not_waited_for() -> None:
    await run_command(["/bin/sh", "-c", "sleep 3 & echo started"], {}, 60)


async def test_a_command_that_does_not_exist_is_named() -> None:
    with pytest.raises(Unavailable, match="/nowhere/to-be-found could not be run"):
        await run_command(["/nowhere/to-be-found"], {}, 1)
