"""Whole rehearsals through the command line, as small as they can be.

How long a write waited is not judged here: these tests share their machine with others.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from cyphr.embedded.process import read_note
from cyphr.embedded.stack import Stack
from cyphr.migrate.preflight.records import read_rehearsals
from tests.memory import passable_folder

CYPHR = Path(sys.executable).with_name("cyphr")
BACKUP = next((Path(__file__).parents[2] / "backup").iterdir())
_SMALL = ("--seconds", "4", "--users", "4", "--rate", "6", "--rows", "2000", "--wait-limit-ms", "60000")
_PATIENCE_SECONDS = 240
_SERVICES = {"database", "files", "auth", "realtime"}


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int | None
    output: str


@pytest_asyncio.fixture
async def folder() -> AsyncIterator[Path]:
    with passable_folder() as around:
        yield around / "rehearsal"
        if (around / "rehearsal").exists():
            await Stack(around / "rehearsal").destroy()


async def _start(*arguments: str | Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        CYPHR, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def _end(process: asyncio.subprocess.Process) -> Ended:
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode, output.decode())


async def _cyphr(*arguments: str | Path) -> Ended:
    return await _end(await _start(*arguments))


async def _rehearse(folder: Path, *arguments: str | Path) -> Ended:
    record = folder.absolute().parent / "rehearsals.json"
    return await _cyphr("rehearse", "--folder", folder, "--backup", BACKUP, "--record", record, *_SMALL, *arguments)


def _report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def _running(folder: Path) -> list[str]:
    """What still runs of a rehearsal: by the notes it left, by its folder, and by the messenger's address."""
    noted = [str(note) for note in folder.glob("*/process.json") if read_note(note) is not None]
    traces = [str(folder)]
    if (folder / "stack.json").exists():
        traces.append(json.loads((folder / "stack.json").read_text())["messenger"] or str(folder))
    commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return noted + [command for command in commands if any(trace in command for trace in traces)]


def _assert_every_promise_kept(ended: Ended, folder: Path) -> None:
    assert ended.code == 0, ended.output
    report = _report(folder)
    promises = report["promises"]
    kept = {name: promises[name] for name in ("lost", "doubled", "failed_requests", "verified", "broken")}
    assert kept == {"lost": 0, "doubled": 0, "failed_requests": 0, "verified": True, "broken": []}
    assert report["messages_acknowledged"] > 0
    assert report["rows_copied"] >= 2000
    moves = [(move["service"], move["direction"]) for move in report["handovers"]]
    directions = [direction for service, direction in moves if service == "database"]
    assert directions == ["handover", "handback", "handover"]
    assert set(report["verifications"]) == {service for service, _ in moves} == _SERVICES
    # Last there and first back: whoever writes while the others move is at the endpoint that they are used to.
    assert [number for number, (service, _) in enumerate(moves) if service == "realtime"] == [3, 4, 11]
    assert 0 < report["reconnects"] <= 3 * report["people"]
    # Each time two by password, one by authenticator, two by what Supabase issued, and a newcomer; all who came stay.
    assert [one["phase"] for one in report["sign_ins"]] == [
        "following", "handed over", "handed back", "handed over again"
    ]  # fmt: skip
    came = ("by_password", "by_authenticator", "by_old_session", "registered")
    assert [[one[name] for name in came] for one in report["sign_ins"]] == [[2, 1, 2, 1]] * 4
    assert [one["still_signed_in"] for one in report["sign_ins"]] == [0, 5, 10, 15]
    assert report["audits"]["supabase"]["looked_up"] == report["audits"]["aws"]["looked_up"] > 0


async def test_a_rehearsal_whose_migrator_is_killed_keeps_every_promise_and_stays_on_aws_until_it_is_told_to_stop(
    folder: Path, tmp_path: Path
) -> None:
    # The folder is given as `make run` gives it: relative to where the command is called.
    given = Path(os.path.relpath(folder))
    ended = await _rehearse(given, "--keep", "--json", tmp_path / "copy.json", "--kill", "handover")
    _assert_every_promise_kept(ended, folder)
    assert "killed the migrator with SIGKILL in the phase 'handover'" in ended.output
    killed = [move for move in _report(folder)["handovers"] if move["killed"]]
    assert [(move["service"], move["direction"]) for move in killed] == [("database", "handover")]
    _assert_everything_is_reported(ended, given, tmp_path / "copy.json")
    address = json.loads((folder / "stack.json").read_text())["messenger"]
    assert f"{address}/mailbox" in ended.output
    assert f"cyphr down --folder {given}" in ended.output
    await _assert_messenger_stands_on_aws(address)
    history = await _cyphr("migrate", "report", "--json", "--config", folder / "migrator" / "migration.toml")
    outcomes = [move["outcome"] for move in json.loads(history.output)["handovers"]]
    assert [outcome.removesuffix(" at attempt 2") for outcome in outcomes] == ["done"] * len(
        _report(folder)["handovers"]
    )
    stopped = await _cyphr("down", "--folder", folder)
    assert stopped.code == 0, stopped.output
    assert "stopped messenger" in stopped.output
    assert _running(folder) == []


@pytest.mark.soak
async def test_a_rehearsal_that_is_not_kept_leaves_nothing_running(folder: Path) -> None:
    """A whole one more costs a minute; in every run those that fail or are stopped prove that nothing is left."""
    _assert_every_promise_kept(await _rehearse(folder), folder)
    assert _running(folder) == []


def _assert_everything_is_reported(ended: Ended, folder: Path, copy: Path) -> None:
    assert "Nothing was lost, nothing doubled, no request failed" in " ".join(ended.output.split())
    report = _report(folder)
    assert report == json.loads(copy.read_text())
    assert {"longest_write_wait_ms", "fence_ms", "drain_ms"} <= report["handovers"][0].keys()
    assert [record.command.split()[:2] for record in read_rehearsals(folder.absolute().parent)] == [
        ["cyphr", "rehearse"]
    ]
    assert report["promises"]["longest_write_wait_ms"] > 0
    assert {"prepare", "people arrive", "proof", "database copying", "database following"} <= report["phases"].keys()
    page = (folder / "report.html").read_text()
    assert page == copy.with_suffix(".html").read_text()
    assert "<circle" in page
    for path in (folder / "report.html", copy.with_suffix(".html")):
        assert str(path) in ended.output


async def _assert_messenger_stands_on_aws(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        answer = await client.get("/v1/switchboard")
        sides = {each["service"]: each["side"] for each in answer.json()["services"]}
        assert sides["database"] == sides["realtime"] == "aws"
        assert "execute-api" in (await client.get("/v1/addresses")).json()["websocket"]


async def test_a_rehearsal_that_fails_half_way_says_why_stops_everything_and_reports(
    folder: Path, tmp_path: Path
) -> None:
    damaged = shutil.copytree(BACKUP, tmp_path / "damaged")
    (damaged / "database" / "users.json").write_text('{"truncated": [')
    ended = await _cyphr("rehearse", "--folder", folder, "--backup", damaged, *_SMALL)
    assert ended.code == 1
    assert "ended half-way" in ended.output
    assert "users.json" in ended.output
    assert "Traceback" not in ended.output
    report = _report(folder)
    assert report["kept"] is False
    assert report["failure"]["code"] == "invalid_input"
    assert "Ended half-way" in (folder / "report.html").read_text()
    assert _running(folder) == []


async def test_a_rehearsal_can_be_stopped_from_elsewhere_and_takes_everybody_along(folder: Path) -> None:
    process = await _start("rehearse", "--folder", folder, "--backup", BACKUP, *_SMALL, "--seconds", "600")
    assert process.stdout is not None
    shown = b""
    while b"following what people write" not in shown:
        line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE_SECONDS)
        assert line, shown.decode()
        shown += line
    stopped, ended = await asyncio.gather(_cyphr("down", "--folder", folder), _end(process))
    assert stopped.code == 0, stopped.output
    assert ended.code == 130, ended.output
    assert _report(folder)["failure"]["code"] == "interrupted"
    assert _running(folder) == []
