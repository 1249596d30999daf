"""One accident at a time, at the moment where it hurts most."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from cyphr.foundation.postgres import connect
from tests.conftest import Server
from tests.e2e.messenger.client import Client, Socket
from tests.e2e.messenger.faults.device import Device
from tests.e2e.messenger.faults.ledger import Ledger, client_id
from tests.e2e.messenger.faults.stage import Stage
from tests.e2e.network import Network

_MEGABYTE = 1024 * 1024


@pytest_asyncio.fixture(scope="module")
async def stage(
    durable_server: Server, tmp_path_factory: pytest.TempPathFactory, token_key: Path
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("messenger")
    async with Stage.set(durable_server, folder, token_key, connection_queue_length=100) as stage:
        yield stage


@asynccontextmanager
async def commits_without_an_answer(stage: Stage, durable_server: Server) -> AsyncIterator[psycopg.AsyncConnection]:
    """Whatever is committed meanwhile is on the disk, but the database does not say so: it waits for a standby."""
    async with await connect(durable_server.cluster.settings(stage.side.owner.dbname)) as connection:
        await _wait_for_standby(connection, "a_standby")
        try:
            yield connection
        finally:
            if not connection.closed:
                await _wait_for_standby(connection, "")


async def _wait_for_standby(connection: psycopg.AsyncConnection, name: str) -> None:
    statement = sql.SQL("alter system set synchronous_standby_names = {}").format(sql.Literal(name))
    await connection.execute(statement)
    await connection.execute("select pg_reload_conf()")


async def until_committed(connection: psycopg.AsyncConnection) -> list[int]:
    """Wait for a transaction that is on the disk and unanswered; the servers' processes that wait."""
    while True:
        cursor = await connection.execute("select pid from pg_stat_activity where wait_event = 'SyncRep'")
        if waiting := [row[0] for row in await cursor.fetchall()]:
            return waiting
        await asyncio.sleep(0.01)


async def pair(stage: Stage) -> tuple[Client, Client, str]:
    anna, boris = await stage.register("Anna"), await stage.register("Boris")
    return anna, boris, await anna.direct(boris)


async def contents(person: Client, chat: str) -> list[tuple[int, str]]:
    return [(message["seq"], message["content"]) for message in await person.history(chat)]


async def test_a_message_that_was_committed_when_the_server_died_is_stored_once(
    stage: Stage, durable_server: Server
) -> None:
    anna, boris, chat = await pair(stage)
    async with anna.socket() as socket:
        async with commits_without_an_answer(stage, durable_server) as database:
            number = await socket.send(chat, "was it stored?")
            await until_committed(database)
            await stage.kill_messenger()
        with pytest.raises(ConnectionClosed):
            await socket.until("ack")
    await stage.start_messenger()
    async with boris.socket() as boriss, anna.socket() as socket:
        await socket.send(chat, "was it stored?", client_id=number)
        assert (await socket.until("ack", id=number))["d"]["seq"] == 1
        second = await socket.send(chat, "it was")
        await socket.until("ack")
        await boriss.until("msg", seq=2)
        # The new server cannot know who was told of the first one, and tells it once more: it is known by its place.
        assert {message["seq"]: message["client_id"] for message in boriss.messages()} == {1: number, 2: second}
    assert await contents(boris, chat) == [(1, "was it stored?"), (2, "it was")]


async def test_a_message_whose_commit_the_database_did_not_answer_reaches_who_is_connected(
    stage: Stage, durable_server: Server
) -> None:
    anna, boris, chat = await pair(stage)
    async with anna.socket() as socket, boris.socket() as boriss:
        async with commits_without_an_answer(stage, durable_server) as database:
            await socket.send(chat, "hello")
            for pid in await until_committed(database):
                await database.execute("select pg_terminate_backend(%s)", [pid])
        frame = await socket.hear()
        assert (frame["t"], frame["d"]["seq"]) == ("ack", 1), "asked again, the database answers as it would have"
        assert (await boriss.until("msg", seq=1))["d"]["message"]["content"] == "hello"
    assert await contents(boris, chat) == [(1, "hello")]


async def test_a_change_whose_commit_the_database_did_not_answer_reaches_who_is_connected(
    stage: Stage, durable_server: Server
) -> None:
    anna, boris, chat = await pair(stage)
    message = await anna.say(chat, "first")
    async with boris.socket() as boriss:
        async with commits_without_an_answer(stage, durable_server) as database:
            editing = asyncio.create_task(anna.edit(message, "second"))
            for pid in await until_committed(database):
                await database.execute("select pg_terminate_backend(%s)", [pid])
        assert (await editing).status_code == 200, "asked again, the database answers as it would have"
        assert (await boriss.until("change"))["d"]["message"]["content"] == "second"
    assert len(await anna.get(f"{message}/edits")) == 1, "the second try changed nothing"


async def test_a_removal_whose_commit_the_database_did_not_answer_is_known_to_who_is_connected(
    stage: Stage, durable_server: Server
) -> None:
    anna, boris, clara = [await stage.register(name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris, clara])
    async with boris.socket() as boriss:
        async with commits_without_an_answer(stage, durable_server) as database:
            removing = asyncio.create_task(anna.delete(f"/v1/chats/{chat}/members/{clara.id}"))
            for pid in await until_committed(database):
                await database.execute("select pg_terminate_backend(%s)", [pid])
        assert (await removing).status_code == 503
        notice = (await boriss.until("msg", chat=chat))["d"]["message"]
    assert json.loads(notice["content"])["event"] == "member_removed"
    assert await clara.get("/v1/chats") == []


@pytest.mark.parametrize("way", ["fast", "immediate"])
async def test_who_is_connected_hears_everything_although_the_database_is_restarted(stage: Stage, way: str) -> None:
    anna, boris, chat = await pair(stage)
    async with anna.socket() as socket, boris.socket() as boriss:
        waiting = {await socket.send(chat, f"{number}"): f"{number}" for number in range(30)}
        restarting = asyncio.create_task(stage.restart_database(way))
        seqs = set()
        while waiting:
            frame = await socket.hear()
            if frame["t"] == "ack":
                seqs.add(frame["d"]["seq"])
                del waiting[frame["id"]]
            elif frame["t"] in {"error", "slow"}:
                assert frame["t"] == "slow" or frame["d"]["retryable"], frame
                await socket.send(chat, waiting[frame["id"]], client_id=frame["id"])
        await restarting
        assert seqs == set(range(1, 31))
        while {message["seq"] for message in boriss.messages()} != seqs:
            await boriss.hear()
    assert sorted(content for _, content in await contents(boris, chat)) == sorted(map(str, range(30)))


async def test_half_a_frame_is_nothing_and_the_whole_one_is_stored_once(stage: Stage) -> None:
    anna, boris, chat = await pair(stage)
    number = client_id("v7", 0)
    frame = json.dumps({"v": 1, "t": "msg.send", "id": number, "chat": chat, "d": {"content": "x" * 20_000}})
    whole = Frame(Opcode.TEXT, frame.encode()).serialize(mask=True)
    for part in (1, 3, 7, len(whole) // 2, len(whole) - 1):
        async with anna.socket() as socket:
            socket.websocket.transport.write(whole[:part])
            socket.websocket.transport.abort()
    assert await contents(boris, chat) == []
    async with anna.socket() as socket:
        await socket.websocket.send(frame)
        assert (await socket.until("ack", id=number))["d"]["seq"] == 1
    assert len(await contents(boris, chat)) == 1


async def test_what_a_network_swallowed_arrives_after_the_client_came_back(stage: Stage) -> None:
    anna, boris, chat = await pair(stage)
    ledger = Ledger()
    async with Network.to(lambda: stage.port) as network:
        address = f"ws://127.0.0.1:{network.port}/v1/ws"
        device = Device("phone", boris, address, ledger)
        await device.go_online()
        for number in range(1, 40):
            network.stall("back" if number % 2 else "there")
            await anna.send(chat, f"{number}")
            network.reset()
            await device.break_off()
            network.mend()
            await device.go_online()
        await anna.send(chat, "40")
        while chat not in device.held or device.held[chat].head < 40:
            await asyncio.sleep(0.01)
        await device.go_offline()
    assert ledger.wrongs == []
    assert [message["content"] for message in device.held[chat].messages.values()] == [str(n) for n in range(1, 41)]


async def test_two_devices_of_a_person_hold_the_same_whichever_of_them_writes(stage: Stage) -> None:
    anna, boris, chat = await pair(stage)
    ledger = Ledger()
    devices = [Device(name, anna, stage.address, ledger) for name in ("phone", "laptop")]
    for device in devices:
        await device.go_online()
    for number in range(40):
        await devices[number % 2].give(ledger.begin(chat, anna.id, f"{number}", client_id("v7", 0)).frame())
        await boris.send(chat, f"answer {number}")
    while any(chat not in device.held or device.held[chat].head < 80 for device in devices):
        await asyncio.sleep(0.01)
    held = [
        [(seq, message["id"], message["content"]) for seq, message in sorted(device.held[chat].messages.items())]
        for device in devices
    ]
    for device in devices:
        await device.go_offline()
    assert ledger.wrongs == []
    assert held[0] == held[1]
    assert len(held[0]) == 80


async def test_the_clock_of_a_client_decides_nothing(stage: Stage) -> None:
    anna, boris, chat = await pair(stage)
    years = [0, 50, -50, 1, -1, 5_000]
    ids = [client_id("v7", year * 365 * 86_400) for year in years]
    ids += ["00000000-0000-7000-8000-000000000001", "ffffffff-ffff-7fff-bfff-ffffffffffff"]
    async with anna.socket() as socket:
        for place, number in enumerate(ids, start=1):
            await socket.send(chat, f"{place}", client_id=number)
            assert (await socket.until("ack", id=number))["d"]["seq"] == place
    history = await boris.history(chat)
    assert [(message["seq"], message["client_id"]) for message in history] == list(enumerate(ids, start=1))
    assert [message["created_at"] for message in history] == sorted(message["created_at"] for message in history)


async def test_who_does_not_read_costs_the_server_a_bounded_amount_and_misses_nothing(stage: Stage) -> None:
    anna = await stage.register("Anna")
    others = [await stage.register(f"Reader {number}") for number in range(5)]
    chat = await anna.group("flood", others)
    ledger = Ledger()
    devices = [Device(f"phone {one.session['person']['full_name']}", one, stage.address, ledger) for one in others]
    for device in devices:
        await device.go_online()
    before = stage.memory()
    for device in devices:
        device.stop_reading()
    async with anna.socket({chat: 2**40}) as socket:
        for _ in range(15):
            await _send_all(socket, chat, 30)
    grown = stage.memory() - before
    for device in devices:
        device.read_on()
    while any(device.online for device in devices):
        await asyncio.sleep(0.02)
    for device in devices:
        await device.go_online()
    while any(device.held[chat].head < 450 for device in devices):
        assert all(device.online for device in devices), "the second time they read"
        await asyncio.sleep(0.02)
    for device in devices:
        await device.go_offline()
        # Who still takes nothing when told to come again is cut off without the code.
        assert set(device.closed_with) <= {1013, 1000}
        assert sorted(device.held[chat].messages) == list(range(1, 451))
    assert ledger.wrongs == []
    assert grown < 64 * _MEGABYTE, f"{grown >> 20} MB for {len(devices)} who do not read"


async def _send_all(socket: Socket, chat: str, number: int) -> None:
    waiting = {client_id("v7", 0) for _ in range(number)}
    for one in waiting:
        await socket.send(chat, "x" * 18_000, client_id=one)
    while waiting:
        frame = await socket.hear()
        if frame["t"] == "ack":
            waiting.discard(frame["id"])
        elif frame["t"] == "slow":
            await asyncio.sleep(frame["d"]["retry_ms"] / 1000)
            await socket.send(chat, "x" * 18_000, client_id=frame["id"])
    socket.heard.clear()
