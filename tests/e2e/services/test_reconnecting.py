"""While realtime is migrated both endpoints serve, and clients go from one to the other and miss nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from websockets.asyncio.client import connect as connect_websocket

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.people.connection import Connection
from cyphr.embedded.people.record import Record
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.realtime.account import CanaryAccount
from cyphr.migrate.realtime.migration import RealtimeMigration
from cyphr.migrate.realtime.places import RealtimePlaces
from tests.conftest import Server, TestSide
from tests.contract.runtimes import both_endpoints
from tests.e2e.messenger.client import PIN, Client, Socket, register

_MOVE_SECONDS = 2.0
_PATIENCE_SECONDS = 120.0


@dataclass
class World:
    """A messenger with two endpoints, and the migration of realtime between them."""

    http: httpx.AsyncClient
    websockets: dict[Side, str]
    migration: RealtimeMigration

    async def address(self) -> str:
        return str((await self.http.get("/v1/addresses")).json()["websocket"])


@pytest_asyncio.fixture(scope="module")
async def world(supabase_server: Server, stand_in: AwsStandIn, token_key: Path) -> AsyncIterator[World]:
    async with (
        supabase_server.database(supabase_server.full) as side,
        both_endpoints(stand_in, side, token_key, move_seconds=_MOVE_SECONDS) as (http, websockets),
    ):
        yield World(http, websockets, await migration_of(http, websockets, side))


async def migration_of(http: httpx.AsyncClient, websockets: dict[Side, str], side: TestSide) -> RealtimeMigration:
    api = str(http.base_url)
    canaries = [CanaryAccount(api, (await register(http, name)).email) for name in ("First", "Second")]
    return RealtimeMigration(
        RealtimePlaces(
            authority=lambda: connect(side.owner),
            endpoints=websockets,
            canaries=(canaries[0], canaries[1]),
            canary_pin=lambda: PIN,
        )
    )


@dataclass
class Obedient:
    """A client that goes where it is told, as the simulated people do."""

    client: Client
    url: str
    held: dict[str, dict[int, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.client.email
        self.tally = Tally(Record(url=self.url, started_at=0.0))
        self.connection = Connection(self.url, self, self.tally)

    async def access_token(self) -> str:
        return str(self.client.session["access_token"])

    def heads(self) -> dict[str, int]:
        return {chat: len(held) for chat, held in self.held.items() if sorted(held) == list(range(1, len(held) + 1))}

    def on_event(self, frame: Mapping[str, Any]) -> None:
        messages = [frame["d"]["message"]] if frame["t"] == "msg" else frame["d"].get("messages", [])
        for message in messages if frame["t"] in ("msg", "resume.page") else []:
            known = self.held.setdefault(message["chat_id"], {}).setdefault(message["seq"], message["content"])
            if known != message["content"]:
                self.problems.append(f"{message['seq']} is both {known} and {message['content']}")

    def on_resumed(self, heads: Mapping[str, int]) -> None:
        self.arrivals.append(monotonic())

    async def say(self, chat: str, content: str) -> None:
        ack = await self.connection.request("msg.send", chat, {"content": content}, kind="message")
        self.held.setdefault(chat, {})[ack["d"]["seq"]] = content

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["Obedient"]:
        running = asyncio.create_task(self.connection.run())
        try:
            await asyncio.wait_for(self.connection.online.wait(), _PATIENCE_SECONDS)
            yield self
        finally:
            await self.connection.close()
            await running


@contextlib.asynccontextmanager
async def stubborn(client: Client, url: str) -> AsyncIterator[Socket]:
    """A client that hears everything and obeys nothing."""
    async with connect_websocket(url, compression=None, open_timeout=60) as websocket:
        socket = Socket(websocket)
        await socket.say("hello", d={"token": client.session["access_token"]})
        await socket.until("resume.done")
        listening = asyncio.create_task(_hear_all(socket))
        try:
            yield socket
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _hear_all(socket: Socket) -> None:
    while True:
        await socket.hear()


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not what():
            await asyncio.sleep(0.02)


async def test_who_obeys_and_who_does_not_hold_the_same_messages_once_through_handover_and_handback(
    world: World,
) -> None:
    anna, boris, clara = [await register(world.http, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris, clara])
    old, new = world.websockets[Side.SUPABASE], world.websockets[Side.AWS]
    stop = asyncio.Event()
    async with (
        Obedient(anna, old).connected() as hers,
        stubborn(boris, new) as his,
        stubborn(clara, old) as theirs,
    ):
        talking = asyncio.create_task(_talk(hers, his, chat, stop))
        await world.migration.prepare()
        await world.migration.copy()
        assert await world.address() == old
        for to, url in ((Side.AWS, new), (Side.SUPABASE, old)):
            assert not (await world.migration.verify()).differences
            await world.migration.handover(to)
            assert await world.address() == url
            hers.connection.abort(0.05)  # cut, whatever it was about to do
            await until(lambda to=to: hers.connection.is_away is (to is Side.AWS) and hers.connection.online.is_set())  # type: ignore[misc]
            held = len(hers.held[chat])
            await until(lambda held=held: len(hers.held[chat]) > held + 4)  # type: ignore[misc]
        stop.set()
        await talking
        stored = {message["seq"]: message["content"] for message in await _history(anna, chat)}
        assert sorted(stored) == list(range(1, len(stored) + 1))
        for held in (lambda: hers.held[chat], lambda: _held(his), lambda: _held(theirs)):
            await until(lambda held=held: len(held()) == len(stored))  # type: ignore[misc]
            assert held() == stored
        contents = sorted(stored.values())
        assert contents == sorted({*contents}), "nothing is stored twice"
        assert hers.problems == hers.tally.record.failures == []
        told = [frame["d"]["url"] for frame in theirs.heard if frame["t"] == "reconnect"]
        assert told == [new], "who stays on the old side is told once"
        called = [frame["d"]["url"] for frame in his.heard if frame["t"] == "reconnect"]
        assert len(called) >= 2, "who stays on the new side is told at the hello, and called back"
        assert {*called} == {old}


def _held(socket: Socket) -> dict[int, str]:
    """What a client that knows a message by its number holds; what came again, as after a cut, came alike."""
    held: dict[int, str] = {}
    for message in socket.messages():
        assert held.setdefault(message["seq"], message["content"]) == message["content"]
    return held


async def _talk(hers: Obedient, his: Socket, chat: str, stop: asyncio.Event) -> None:
    """Both write, each waiting for the acknowledgement."""
    number = 0
    while not stop.is_set():
        number += 1
        await hers.say(chat, f"from Anna {number}")
        client_id = await his.send(chat, f"from Boris {number}")
        await until(lambda id_=client_id: any(f["t"] == "ack" and f["id"] == id_ for f in his.heard))  # type: ignore[misc]
        ack = next(frame for frame in his.heard if frame["t"] == "ack" and frame["id"] == client_id)
        # As a client does, it holds what it has sent itself.
        his.heard.append({"t": "msg", "d": {"message": {"seq": ack["d"]["seq"], "content": f"from Boris {number}"}}})


async def _history(client: Client, chat: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["seq"] if found else 0
        page = await client.get(f"/v1/chats/{chat}/messages", after=after)
        found += page["messages"]
        if not page["more"]:
            return found


async def test_clients_go_each_at_a_moment_of_its_own_and_come_back_when_they_are_called(world: World) -> None:
    dora = await register(world.http, "Dora")
    await world.migration.prepare()
    assert await world.migration.side() is Side.SUPABASE
    devices = [Obedient(dora, world.websockets[Side.SUPABASE]) for _ in range(8)]
    async with contextlib.AsyncExitStack() as stack:
        for device in devices:
            await stack.enter_async_context(device.connected())
        for to in (Side.AWS, Side.SUPABASE):
            assert not (await world.migration.verify()).differences
            await world.migration.handover(to)
            await until(lambda to=to: all(d.connection.is_away is (to is Side.AWS) for d in devices))  # type: ignore[misc]
            moments = [device.arrivals[-1] for device in devices]
            assert max(moments) - min(moments) > _MOVE_SECONDS / 10
        assert [device.tally.record.reconnects for device in devices] == [2] * 8
        assert [device.tally.record.failures for device in devices] == [[]] * 8
