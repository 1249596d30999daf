"""Simulated people against the messenger as the stack runs it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.embedded.people.audit import audit
from cyphr.embedded.people.crowd import Crowd
from cyphr.embedded.people.habits import Habits
from cyphr.embedded.people.record import Record
from cyphr.embedded.people.tally import Line
from cyphr.embedded.stack import Stack
from cyphr.foundation.postgres import Side, connect


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: Any) -> AsyncIterator[Stack]:
    whole = Stack(tmp_path_factory.mktemp("people") / "stack")
    try:
        async with whole:
            await whole.start_messenger()
            yield whole
    finally:
        await whole.destroy()


@pytest_asyncio.fixture
async def database(stack: Stack) -> AsyncIterator[AsyncConnection[Any]]:
    async with await connect(stack.owner(Side.SUPABASE)) as connection:
        yield connection


async def test_five_busy_people_lose_nothing_and_nothing_fails_them(
    stack: Stack, database: AsyncConnection[Any]
) -> None:
    lines: list[Line] = []
    # The rarest thing that they do is done often enough to be certain to be seen.
    habits = replace(Habits().hurried(10), change_avatar=1.0)
    crowd = Crowd(stack.address, users=5, rate=30, seconds=5, habits=habits, report=lines.append)
    record = await crowd.run()
    assert (record.failures, record.delivery_problems, record.unacknowledged) == ([], [], [])
    # They did what they are for: otherwise nothing above means anything.
    assert len(record.accounts) == 5
    assert len(record.messages) > 50
    assert {message.via for message in record.messages.values()} == {"socket", "http"}
    assert record.resumes > 2 * 5
    assert record.repeats > 0
    assert {"message", "read", "chat", "session", "argon2", "fetch", "avatar"} <= {wait.kind for wait in record.waits}
    assert [line.state for line in lines][-1] == "done"
    assert lines[-1].acknowledged == len(record.messages)
    found = await audit(record, database)
    assert found.clean, found
    first, second = list(record.messages.values())[:2]
    await database.execute("delete from public.messages where id = %s", [first.message_id])
    await database.execute("update public.messages set content = content || '.' where id = %s", [second.message_id])
    found = await audit(record, database)
    assert first.client_id in found.lost[0]
    assert any(second.client_id in sentence for sentence in found.wrong)


async def test_a_server_that_dies_is_a_failure_and_what_it_acknowledged_is_still_there(
    stack: Stack, database: AsyncConnection[Any]
) -> None:
    crowd = Crowd(stack.address, users=2, rate=20, habits=Habits(vanish=0))
    running = asyncio.create_task(crowd.run())
    await _until(lambda: len(crowd.record.messages) >= 20)
    assert stack.messenger is not None
    assert stack.messenger.process is not None
    os.kill(stack.messenger.process.pid, signal.SIGKILL)
    await _until(lambda: bool(crowd.record.failures))
    await stack.start_messenger()
    crowd.stop()
    record = await running
    assert {failure.what for failure in record.failures} >= {"websocket"}
    assert record.delivery_problems == []
    assert (await audit(record, database)).clean


async def test_the_command_obeys_its_input_and_writes_the_record(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    process = await _command(stack, file)
    states = []
    async for line in _lines(process):
        states.append(line["state"])
        if line["acknowledged"] >= 10 and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(b"stop\n")
    assert await process.wait() == 0
    assert list(dict.fromkeys(states)) == ["arriving", "chatting", "leaving", "done"]
    assert line["acknowledged"] == len(Record.read(file).messages) >= 10


async def test_the_command_ends_with_its_input(stack: Stack, tmp_path: Path) -> None:
    process = await _command(stack, tmp_path / "record.json")
    async for line in _lines(process):
        if line["acknowledged"] and process.stdin is not None:
            process.stdin.close()
    assert await process.wait() == 0


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.05)


async def _command(stack: Stack, file: Path) -> asyncio.subprocess.Process:
    arguments = ["--url", stack.address, "--users", "3", "--rate", "20", "--seconds", "0", "--json", str(file)]
    command = "from cyphr.cli.main import app; app()"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, "people", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    async for text in process.stdout:
        yield json.loads(text)
