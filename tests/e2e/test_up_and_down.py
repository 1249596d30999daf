"""``cyphr up`` and ``cyphr down``, as a person at a terminal uses them."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest_asyncio

from cyphr.embedded.process import read_note
from cyphr.embedded.stack import Stack
from tests.memory import passable_folder

CYPHR = Path(sys.executable).with_name("cyphr")
PICTURE = b"\x89PNG\r\n\x1a\n and the rest"


@pytest_asyncio.fixture(scope="module")
async def folder() -> AsyncIterator[Path]:
    with passable_folder() as around:
        yield around / "up"
        await Stack(around / "up").destroy()


async def _cyphr(*arguments: str | Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        CYPHR, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


async def _finish(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


@asynccontextmanager
async def _up(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """``cyphr up``, once it says that it is complete."""
    process = await _cyphr("up", "--folder", folder)
    assert process.stdout is not None
    try:
        shown = b""
        while b"Ctrl-C stops all of it." not in shown:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, f"cyphr up ended early: {shown.decode()}"
            shown += line
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


def _client(folder: Path) -> httpx.AsyncClient:
    address = json.loads((folder / "stack.json").read_text())["messenger"]
    return httpx.AsyncClient(base_url=address, timeout=20, trust_env=False)


async def _register(client: httpx.AsyncClient, email: str) -> dict[str, str]:
    await client.post("/v1/accounts/codes", json={"email": email})
    letters = (await client.get("/mailbox", params={"email": email}, headers={"accept": "application/json"})).json()
    person = {"email": email, "code": letters["messages"][0]["code"], "full_name": "Anna", "pin": "2580"}
    session = (await client.post("/v1/accounts", json=person)).json()
    return {"authorization": f"Bearer {session['access_token']}"}


async def test_a_person_registers_by_the_mailbox_and_everyone_sees_their_picture(folder: Path) -> None:
    async with _up(folder) as up, _client(folder) as client:
        headers = await _register(client, "anna@example.org")
        page = await client.get("/mailbox")
        assert page.headers["content-type"].startswith("text/html")
        assert "anna@example.org" in page.text
        answer = await client.put("/v1/me/avatar", files={"file": ("me.png", PICTURE)}, headers=headers)
        seen = await client.get(answer.json()["avatar_url"])
        assert (seen.status_code, seen.content, seen.headers["content-type"]) == (200, PICTURE, "image/png")
        assert (await client.get("/storage/v1/object/public/attachments/x")).status_code == 404
        up.send_signal(signal.SIGINT)
        code, output = await _finish(up)
        assert code == 0
        assert output.endswith("stopped\n")
        assert not _running(folder)


async def test_after_up_itself_was_killed_it_starts_again_with_everybody_still_there_until_down_stops_it(
    folder: Path,
) -> None:
    async with _up(folder) as up:
        async with _client(folder) as client:
            await _register(client, "boris@example.org")
        up.kill()
        await up.communicate()
        assert _running(folder) == ["messenger", "aws", "postgres-supabase", "postgres-aws"]
    async with _up(folder) as up:
        async with _client(folder) as client:
            answer = await client.post("/v1/sessions", json={"email": "boris@example.org", "pin": "2580"})
            assert answer.status_code == 201
        code, output = await _finish(await _cyphr("up", "--folder", folder))
        assert code == 1
        assert "is running in" in output
        code, output = await _finish(await _cyphr("down", "--folder", folder))
        assert (code, output.splitlines()[-1]) == (0, "stopped")
        assert (await _finish(up))[0] == 0
        assert not _running(folder)
    assert (await _finish(await _cyphr("down", "--folder", folder))) == (0, "nothing was running\n")


def _running(folder: Path) -> list[str]:
    names = ("messenger", "aws", "postgres-supabase", "postgres-aws")
    return [name for name in names if read_note(folder / name / "process.json") is not None]
