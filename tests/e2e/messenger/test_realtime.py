"""Resuming, receipts, typing, back-pressure."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import AsyncConnection
from websockets.exceptions import ConnectionClosed

from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import RealtimeSettings
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import Register, on_one_side, serve, settings_for


async def test_a_resume_brings_exactly_what_was_missed_chat_by_chat_in_order(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    one, two, quiet = await anna.direct(boris), await anna.direct(clara), await anna.group("quiet", [boris])
    for number in range(1, 6):
        await boris.send(one, f"one {number}")
        await clara.send(two, f"two {number}")
    async with anna.socket({one: 2, two: 5, str(uuid4()): 7}) as socket:
        assert [message["content"] for message in socket.messages()] == ["one 3", "one 4", "one 5"]
        done = socket.heard[-1]["d"]
        assert (done["heads"], done["user_id"]) == ({one: 5, two: 5, quiet: 0}, anna.id)
        await clara.send(two, "live")
        assert (await socket.until("msg"))["seq"] == 6


async def test_a_resume_longer_than_a_page_under_live_traffic_misses_and_doubles_nothing(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)

    async def talk(count: int) -> None:
        async with boris.socket({chat: 10_000}) as socket:
            for start in range(0, count, 20):
                for number in range(20):
                    await socket.send(chat, f"{start + number}")
                for _ in range(20):
                    await socket.until("ack")

    await talk(440)
    talking = asyncio.create_task(talk(100))
    async with anna.socket() as socket:
        while len(socket.messages()) < 540:
            await socket.hear()
    await talking
    assert [message["seq"] for message in socket.messages()] == list(range(1, 541))


async def test_who_is_there_is_served_while_a_crowd_comes_back(join: Register, side: TestSide) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    await boris.send(chat, "missed")
    async with anna.socket({chat: 1}) as annas, AsyncExitStack() as stack:
        async with await connect(side.owner) as connection, connection.transaction():
            # What history is read from, and nothing is written to by who sends.
            await connection.execute("lock table message_reactions in access exclusive mode")
            crowd = [await stack.enter_async_context(boris.stranger()) for _ in range(30)]
            for one in crowd:
                await one.say("hello", d={"token": boris.session["access_token"], "heads": {chat: 0}})
            await _until_somebody_waits(connection)
            number = await annas.send(chat, "there is room")
            await annas.until("ack", id=number)
        for one in crowd:
            await one.until("resume.done")
            assert [message["content"] for message in one.messages()] == ["missed", "there is room"]


async def _until_somebody_waits(connection: AsyncConnection) -> None:
    query = "select count(*) from pg_locks where relation = 'message_reactions'::regclass and not granted"
    while (await (await connection.execute(query)).fetchone()) == (0,):
        await asyncio.sleep(0.01)


async def test_a_receipt_covers_everything_before_it_never_falls_and_never_passes_the_end(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    for number in range(3):
        await anna.send(chat, str(number))

    async def marks() -> tuple[int, int]:
        members = (await anna.get("/v1/chats"))[0]["members"]
        return next((one["received_seq"], one["read_seq"]) for one in members if one["user_id"] == boris.id)

    async with boris.socket() as socket, anna.socket() as annas:

        async def say(kind: str, seq: int) -> None:
            await socket.say(kind, id=(receipt := str(uuid4())), chat=chat, d={"seq": seq})
            assert (await socket.until("ack", id=receipt))["chat"] == chat

        await say("recv", 2)
        assert await marks() == (2, 0)
        assert (await annas.until("receipt"))["d"] == {"user_id": boris.id, "received_seq": 2, "read_seq": 0}
        await say("read", 1)
        await say("recv", 1)
        assert await marks() == (2, 1)
        await say("read", 99)
        assert await marks() == (3, 3)


@on_one_side
async def test_typing_is_relayed_to_the_others_once_in_three_seconds(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as annas, boris.socket() as boriss:
        for _ in range(5):
            await annas.say("typing", chat=chat)
        await annas.send(chat, "done")
        await boriss.until("msg")
        await annas.until("ack")
        await asyncio.sleep(0.1)
        await boriss.say("ping")
        await boriss.until("pong")
        typed = [frame for frame in boriss.heard if frame["t"] == "typing"]
        assert [(frame["chat"], frame["d"]) for frame in typed] == [(chat, {"user_id": anna.id})]
        assert not [frame for frame in annas.heard if frame["t"] == "typing"]


@on_one_side
async def test_all_connections_of_a_person_hear_what_one_of_them_sends(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as phone, anna.socket() as laptop:
        client_id = await phone.send(chat, "from my phone")
        assert (await laptop.until("msg"))["d"]["message"]["client_id"] == client_id
        await phone.until("ack")
        await phone.say("ping")
        await phone.until("pong")
        assert not phone.messages(), "the connection that sent it has the acknowledgement instead"


@on_one_side
async def test_more_than_thirty_two_unacknowledged_sends_are_slowed_not_lost(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket:
        pending = {str(uuid4()) for _ in range(200)}
        for client_id in pending:
            await socket.send(chat, "quick", client_id=client_id)
        slowed = 0
        while pending:
            frame = await socket.hear()
            if frame["t"] == "slow":
                slowed += 1
                assert frame["d"]["retry_ms"] > 0
                await asyncio.sleep(0.001)
                await socket.send(chat, "quick", client_id=frame["id"])
            elif frame["t"] == "ack":
                pending.discard(frame["id"])
    assert slowed > 0
    assert (await boris.get("/v1/chats"))[0]["last_seq"] == 200


@on_one_side
@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("not json", "JSON"),
        ("[]", ""),
        ('{"v":1,"t":"teleport","id":"7"}', "tag"),
        ('{"v":2,"t":"ping"}', "v"),
        ('{"v":1,"t":"msg.send","id":"no-uuid","chat":"x","d":{}}', "id"),
        ('{"v":1,"t":"typing"}', "chat"),
        ('{"v":1,"t":"hello","d":{"token":"x"}}', "first"),
    ],
)
async def test_a_frame_that_makes_no_sense_is_answered_and_the_connection_stays(
    join: Register, text: str, explained: str
) -> None:
    anna = await join()
    async with anna.socket() as socket:
        await socket.websocket.send(text)
        error = await socket.until("error")
        assert (error["d"]["code"], error["d"]["retryable"]) == ("invalid_input", False)
        assert explained in error["d"]["message"]
        await socket.websocket.send(text.encode())
        await socket.until("error")
        await socket.say("ping")
        await socket.until("pong")


async def test_content_that_cannot_be_stored_is_refused_by_id(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket:
        for content in ("", "\x00", "x" * 21_000, "\U0001f600" * 6_000):
            client_id = str(uuid4())
            frame = {"v": 1, "t": "msg.send", "id": client_id, "chat": chat, "d": {"content": content}}
            await socket.websocket.send(json.dumps(frame, ensure_ascii=False))
            assert (await socket.until("error", id=client_id))["d"]["code"] == "invalid_input"
        frame = {"v": 1, "t": "msg.send", "id": str(uuid4()), "chat": chat, "d": {"content": "\ud800"}}
        await socket.websocket.send(json.dumps(frame))
        assert (await socket.until("error"))["d"]["code"] == "invalid_input"
    for content in ("", "a\x00b", "x" * 21_000):
        assert (await anna.send(chat, content)).status_code == 422
    assert (await boris.get("/v1/chats"))[0]["last_seq"] == 0


@on_one_side
async def test_a_frame_above_28_kilobytes_closes_the_connection(join: Register) -> None:
    anna = await join()
    async with anna.socket() as socket:
        await socket.websocket.send("x" * (28 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.until("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@on_one_side
async def test_who_reads_too_slowly_is_closed_with_1013_and_resumes_without_loss(
    side: TestSide, token_key: Path
) -> None:
    settings = settings_for(side, token_key=token_key, connection_queue_length=40)
    async with serve(settings) as http:
        anna, boris = await register(http, "Anna"), await register(http, "Boris")
        chat = await anna.direct(boris)
        held: list[int] = []

        async def listen(slow: Client) -> int | None:
            async with slow.socket({chat: max(held, default=0)}) as socket:
                held.extend(message["seq"] for message in socket.messages())
                socket.websocket.transport.pause_reading()
                await flood()
                socket.websocket.transport.resume_reading()
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.until("never")
                held.extend(message["seq"] for message in socket.messages())
            return None if closed.value.rcvd is None else closed.value.rcvd.code

        async def flood() -> None:
            async with boris.socket({chat: 10_000}) as socket:
                for _ in range(15):
                    for _ in range(30):
                        await socket.send(chat, "x" * 19_000)
                    for _ in range(30):
                        await socket.until("ack")

        assert await listen(anna) == 1013
        async with anna.socket({chat: held[-1]}) as socket:
            held.extend(message["seq"] for message in socket.messages())
    assert held == list(range(1, 451))


async def test_a_hello_that_was_said_in_time_is_answered_however_long_the_database_takes(
    supabase_side: TestSide, token_key: Path
) -> None:
    settings = settings_for(supabase_side, token_key=token_key, realtime=RealtimeSettings(greeting_seconds=1))
    async with serve(settings) as http:
        anna = await register(http, "Anna")
    async with (
        serve(settings) as http,
        await connect(supabase_side.owner) as held,
    ):
        # A server that has to ask who she is.
        again = replace(anna, http=http, websocket=f"ws://{http.base_url.netloc.decode()}/v1/ws")
        await held.execute("begin; lock table sessions in access exclusive mode")
        async with again.stranger() as socket:
            await socket.say("hello", d={"token": anna.session["access_token"], "heads": {}, "changes": {}})
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await socket.hear()
            await held.execute("rollback")
            await socket.until("resume.done")
