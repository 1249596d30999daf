"""Ten thousand connections at once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.conftest import Server
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.stage import Stage

_PEOPLE = 50
_CONNECTIONS_EACH = 200
_MOST_MEMORY_EACH = 64 * 1024


@pytest.mark.soak
async def test_ten_thousand_connections_hear_every_message_once_and_cost_little(
    durable_server: Server, tmp_path: Path, token_key: Path
) -> None:
    # All of them come from one address, which the public limit would rightly slow.
    limits = {"public_requests_per_minute": 1_000_000, "public_requests_burst": 100_000}
    async with Stage.set(durable_server, tmp_path, token_key, **limits) as stage:
        people = [await stage.register(f"Person {number}") for number in range(_PEOPLE)]
        chat = await people[0].group("everybody", people[1:])
        before = stage.memory()
        crowd = await _connect_all(stage, people)
        each = (stage.memory() - before) // len(crowd)
        for number in range(1, 4):
            await people[number].send(chat, f"message {number}")
        heard = await asyncio.gather(*(_hear(one, 3) for one in crowd))
        assert all(seqs == [1, 2, 3] for seqs in heard)
        await stage.kill_messenger()
        await asyncio.gather(*(one.wait_closed() for one in crowd))
        await stage.start_messenger()
        again = await _connect_all(stage, people, {chat: 2})
        assert all(seqs == [3] for seqs in await asyncio.gather(*(_missed(one) for one in again)))
        for one in again:
            one.transport.abort()
        await asyncio.gather(*(one.wait_closed() for one in again))
    assert each < _MOST_MEMORY_EACH, f"{each} bytes for each connection"


async def _connect_all(
    stage: Stage, people: list[Client], heads: dict[str, int] | None = None
) -> list[ClientConnection]:
    at_once = asyncio.Semaphore(100)

    async def come(person: Client) -> ClientConnection:
        async with at_once:
            connection = await connect(stage.address, compression=None, ping_interval=None, open_timeout=120)
            d = {"token": person.session["access_token"], "heads": heads or {}}
            await connection.send(json.dumps({"v": 1, "t": "hello", "d": d}))
            if heads is None:
                await _until(connection, "resume.done")
            return connection

    return list(await asyncio.gather(*(come(person) for person in people for _ in range(_CONNECTIONS_EACH))))


async def _until(connection: ClientConnection, kind: str) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["t"] != kind:
        heard.append(json.loads(await connection.recv()))
    return heard


async def _hear(connection: ClientConnection, count: int) -> list[int]:
    return [(await _until(connection, "msg"))[-1]["seq"] for _ in range(count)]


async def _missed(connection: ClientConnection) -> list[int]:
    pages = [frame["d"]["messages"] for frame in await _until(connection, "resume.done") if frame["t"] == "resume.page"]
    return [message["seq"] for page in pages for message in page]
