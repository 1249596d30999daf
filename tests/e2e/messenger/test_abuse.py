"""People who mean harm: they are slowed or refused, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import Server
from tests.e2e.messenger.client import Client, Socket
from tests.e2e.messenger.faults.stage import Stage

_DEEP = 100_000


@pytest_asyncio.fixture(scope="module")
async def stage(aws_server: Server, tmp_path_factory: pytest.TempPathFactory, token_key: Path) -> AsyncIterator[Stage]:
    async with Stage.set(aws_server, tmp_path_factory.mktemp("messenger"), token_key) as stage:
        yield stage


async def test_a_person_who_floods_is_slowed_and_the_others_talk_on(stage: Stage) -> None:
    anna, boris, clara = [await stage.register(name) for name in ("Anna", "Boris", "Clara")]
    flooded, quiet = await anna.group("flooded", [boris, clara]), await boris.direct(clara)
    flooding, slowed = True, 0

    async def flood() -> None:
        nonlocal slowed
        async with anna.socket({flooded: 2**40}) as socket:
            while flooding:
                for _ in range(150):
                    await socket.send(flooded, "spam" * 100)
                slowed += await _hear_what_is_there(socket)
            socket.websocket.transport.abort()

    attack = asyncio.create_task(flood())
    async with boris.socket() as boriss, clara.socket() as claras:
        for number in range(8):
            await boriss.send(quiet, f"{number}")
            heard = await claras.until("msg", chat=quiet)
            assert heard["d"]["message"]["content"] == f"{number}"
        for socket in (boriss, claras):
            socket.websocket.transport.abort()  # with much of the flood unread
    flooding = False
    await attack
    assert slowed > 0
    history = await clara.history(quiet)
    assert [message["content"] for message in history] == [str(number) for number in range(8)]


async def _hear_what_is_there(socket: Socket) -> int:
    """How many of the answers told the client to slow down."""
    await socket.say("ping")
    await socket.until("pong")
    slowed = sum(frame["t"] == "slow" for frame in socket.heard)
    socket.heard.clear()
    return slowed


@pytest.mark.parametrize("opening", ["[", '{"d":'])
async def test_what_is_nested_too_deeply_is_refused(stage: Stage, opening: str) -> None:
    anna = await stage.register("Anna")
    answer = await stage.http.post("/v1/chats", content=opening * _DEEP, headers=anna.auth)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    async with anna.socket() as socket:
        frame = '{"v":1,"t":"msg.send","d":' + opening * 4_000
        await socket.websocket.send(frame)
        assert (await socket.until("error"))["d"]["code"] == "invalid_input"
        await socket.websocket.send(frame + ("]" if opening == "[" else "}") * 4_000 + "}")
        assert (await socket.until("error"))["d"]["code"] == "invalid_input"
        await socket.say("ping")
        await socket.until("pong")


async def test_frames_that_are_too_large_end_the_connection_however_they_are_cut_into_pieces(stage: Stage) -> None:
    anna = await stage.register("Anna")
    for pieces in (["x" * 40_000], ["x" * 5_000] * 8):
        async with anna.socket() as socket:
            await socket.websocket.send(pieces)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.until("never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_a_text_that_is_none_ends_the_connection(stage: Stage) -> None:
    anna = await stage.register("Anna")
    async with anna.socket() as socket:
        await socket.websocket.send(b"\xff{}", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.until("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007


async def test_nobody_is_called_by_name_a_thousand_times(stage: Stage) -> None:
    anna, boris = await stage.register("Anna"), await stage.register("Boris")
    chat = await anna.direct(boris)
    for mentions in ([boris.id] * 51, [str(uuid4()) for _ in range(500)]):
        assert (await anna.send(chat, "@", mentions=mentions)).status_code == 422
        async with anna.socket() as socket:
            await socket.say(
                "msg.send", id=(number := str(uuid4())), chat=chat, d={"content": "@", "mentions": mentions}
            )
            assert (await socket.until("error", id=number))["d"]["code"] == "invalid_input"
    assert await boris.history(chat) == []


async def test_a_group_that_is_too_large_is_refused_before_anybody_is_looked_up(stage: Stage) -> None:
    anna = await stage.register("Anna")
    body = {"type": "group", "name": "everybody", "member_ids": [str(uuid4()) for _ in range(1_500)]}
    answer = await anna.post("/v1/chats", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert await anna.get("/v1/chats") == []


async def test_who_does_not_say_hello_is_closed_and_hears_nothing(stage: Stage) -> None:
    async with asyncio.timeout(60), connect(stage.address, compression=None) as silent:
        assert json.loads(await silent.recv())["t"] == "bye"
        with pytest.raises(ConnectionClosed) as closed:
            await silent.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_whoever_sends_rubbish_all_day_long_costs_no_more_than_its_answers(stage: Stage) -> None:
    anna, boris = await stage.register("Anna"), await stage.register("Boris")
    chat = await anna.direct(boris)
    rubbish = [b"\xff\xfe", b"", "{}", json.dumps({"v": 1, "t": "typing", "chat": str(uuid4())})]
    before = stage.memory()
    async with anna.socket() as socket:
        for _ in range(40):
            for frame in rubbish * 20:
                await socket.websocket.send(frame)
            await socket.say("ping")
            await socket.until("pong")
            socket.heard.clear()
        number = await socket.send(chat, "and now in earnest")
        await socket.until("ack", id=number)
    assert stage.memory() - before < 32 * 1024 * 1024


async def test_one_address_may_not_try_pins_for_ever(aws_server: Server, tmp_path: Path, token_key: Path) -> None:
    limits = {"public_requests_per_minute": 1, "public_requests_burst": 8}
    async with Stage.set(aws_server, tmp_path, token_key, **limits) as stage:
        anna = await stage.register("Anna")
        tries = [await _try(anna, stage.http, number) for number in range(10)]
    assert tries.count(429) >= 2
    assert 201 not in tries


async def _try(anna: Client, http: httpx.AsyncClient, number: int) -> int:
    answer = await http.post("/v1/sessions", json={"email": anna.email, "pin": f"{number:06}"})
    return answer.status_code
