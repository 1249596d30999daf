"""What clients may rely on holds for a process and for functions alike: one suite, real sockets, both runtimes."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.functions import TABLE
from cyphr.foundation.aws import table_client
from cyphr.foundation.postgres import connect as open_database
from cyphr.messenger.messages.postman import Event as PostedEvent
from cyphr.messenger.messages.postman import EventKind
from cyphr.messenger.realtime.delivery import Round
from cyphr.messenger.realtime.models import LARGEST_FRAME
from cyphr.messenger.realtime.table import ConnectionTable
from tests.contract.runtimes import Runtime
from tests.e2e.messenger.client import Client, Socket


async def until_closed(socket: Socket) -> list[dict[str, Any]]:
    """Everything that is heard before the server closes."""
    while True:
        try:
            await socket.hear()
        except ConnectionClosed:
            return socket.heard


async def later(socket: Socket, chat: str, slow: dict[str, Any]) -> str:
    """Send again what came too fast, when the server says."""
    await asyncio.sleep(slow["d"]["retry_ms"] / 1000)
    return await socket.send(chat, "quick", client_id=slow["id"])


async def pushed(runtime: Runtime, token: str) -> list[dict[str, Any]]:
    """What a device was pushed, newest first."""
    page = await runtime.http.get("/pushes", params={"token": token}, headers={"Accept": "application/json"})
    found: list[dict[str, Any]] = page.json()["pushes"]
    return found


async def talk(sender: Client, chat: str, contents: list[str]) -> None:
    async with sender.socket({chat: 10_000}) as socket:
        for content in contents:
            await socket.send(chat, content)
            await socket.until("ack")


@pytest.mark.parametrize(
    "frame",
    ['{"v":1,"t":"hello","d":{"token":"nonsense"}}', '{"v":1,"t":"ping"}', "not json"],
)
async def test_who_does_not_say_a_good_hello_is_told_so_and_closed(runtime: Runtime, frame: str) -> None:
    anna = await runtime.join()
    async with anna.stranger() as socket:
        await socket.websocket.send(frame)
        assert (await until_closed(socket))[-1] == {"v": 1, "t": "bye", "d": {"code": 4401}}


async def test_who_says_nothing_is_soon_closed(runtime: Runtime) -> None:
    anna = await runtime.join()
    async with anna.stranger() as socket:
        assert (await until_closed(socket))[-1]["d"] == {"code": 4401}


async def test_a_page_of_another_site_may_not_open_a_socket(runtime: Runtime) -> None:
    anna = await runtime.join()
    with pytest.raises(InvalidStatus) as refused:
        async with connect(anna.websocket, origin="https://elsewhere.example", open_timeout=60):  # type: ignore[arg-type]
            raise AssertionError("it was let in")
    assert refused.value.response.status_code == 403


async def test_a_message_is_acknowledged_and_reaches_every_connection_of_every_member_but_its_own(
    runtime: Runtime,
) -> None:
    anna, boris = await runtime.register("Anna"), await runtime.register("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as phone, anna.socket() as laptop, boris.socket() as his:
        client_id = await phone.send(chat, "hi")
        ack = await phone.until("ack", id=client_id)
        assert ack["d"]["seq"] == 1
        for socket in (laptop, his):
            assert (await socket.until("msg"))["d"]["message"]["client_id"] == client_id
        await phone.say("ping")
        await phone.until("pong")
        assert not phone.messages()


async def test_the_same_id_again_is_stored_once_and_acknowledged_alike(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket:
        client_id = await socket.send(chat, "once")
        first = await socket.until("ack")
        await socket.send(chat, "once", client_id=client_id)
        assert await socket.until("ack") == first
    assert (await boris.get("/v1/chats"))[0]["last_seq"] == 1


async def test_messages_are_numbered_without_gaps_and_none_is_lost_when_many_come_at_once(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket, boris.socket() as his:
        pending = {str(uuid4()) for _ in range(24)}
        for client_id in pending:
            await socket.send(chat, "quick", client_id=client_id)
        again: list[asyncio.Task[str]] = []
        while pending:
            frame = await socket.hear()
            if frame["t"] == "slow":
                again.append(asyncio.create_task(later(socket, chat, frame)))
            elif frame["t"] == "ack":
                pending.discard(frame["id"])
        await asyncio.gather(*again)
        while len(his.messages()) < 24:
            await his.hear()
    assert sorted(message["seq"] for message in his.messages()) == list(range(1, 25))


async def test_a_resume_brings_what_was_missed_in_frames_that_fit_and_nothing_that_is_held(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat, quiet = await anna.direct(boris), await anna.group("quiet", [boris])
    await talk(boris, chat, [f"{number} {'x' * 9000}" for number in range(1, 8)])
    async with anna.socket({chat: 2}) as socket:
        assert [message["seq"] for message in socket.messages()] == [3, 4, 5, 6, 7]
        pages = [frame for frame in socket.heard if frame["t"] == "resume.page"]
        assert len(pages) == 2
        assert all(len(json.dumps(page, ensure_ascii=False).encode()) <= LARGEST_FRAME for page in pages)
        assert socket.heard[-1]["d"]["heads"] == {chat: 7, quiet: 0}
        await boris.send(chat, "live")
        assert (await socket.until("msg"))["seq"] == 8


async def test_who_missed_too_much_is_told_to_load_the_chat_anew(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    for number in range(21):
        assert (await boris.send(chat, str(number))).status_code == 201
    async with anna.socket() as socket:
        assert [frame["d"] for frame in socket.heard if frame["t"] == "resync"] == [{"heads": {chat: 21}}]
        assert not socket.messages()
        assert socket.heard[-1]["d"]["heads"] == {chat: 21}


async def test_a_resume_brings_what_became_of_messages_that_are_held(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    first, second = await anna.say(chat, "frist"), await anna.say(chat, "second")
    assert (await anna.edit(second, "2nd")).status_code == 200
    async with boris.socket({chat: 2}) as socket:
        assert socket.heard[-1]["d"]["changes"] == {chat: 1}
        assert [frame["t"] for frame in socket.heard] == ["resume.done"], "who holds no changes is told none"
    assert (await anna.edit(first, "first")).status_code == 200
    assert (await anna.react(second, "👍")).status_code == 200
    async with boris.socket({chat: 2}, {chat: 1}) as socket:
        (brought, done) = socket.heard
        assert (brought["t"], brought["chat"], brought["change"]) == ("resume.changes", chat, 3)
        found = [(message["seq"], message["content"], message["changed"]) for message in brought["d"]["messages"]]
        assert found == [(1, "first", 2), (2, "2nd", 3)]
        assert done["d"]["changes"] == {chat: 3}


async def test_receipts_only_rise_and_are_told_to_the_others(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    for number in range(3):
        await anna.send(chat, str(number))
    async with boris.socket() as his, anna.socket() as hers:
        for kind, seq in (("recv", 2), ("recv", 1), ("read", 99)):
            await his.say(kind, id=(asked := str(uuid4())), chat=chat, d={"seq": seq})
            await his.until("ack", id=asked)
        told = [(await hers.until("receipt"))["d"] for _ in range(2)]
        assert [(one["received_seq"], one["read_seq"]) for one in told] == [(2, 0), (3, 3)]


async def test_typing_is_relayed_once_in_three_seconds_and_never_to_a_stranger(runtime: Runtime) -> None:
    anna, boris, clara = await runtime.join("Anna"), await runtime.join("Boris"), await runtime.join("Clara")
    chat = await anna.direct(boris)
    async with anna.socket() as hers, boris.socket() as his, clara.socket() as strangers:
        for _ in range(4):
            await hers.say("typing", chat=chat)
        await strangers.say("typing", chat=chat)
        assert (await strangers.until("error"))["d"]["code"] == "not_found"
        await hers.say("ping")
        await hers.until("pong")
        await anna.send(chat, "done")
        await his.until("msg")
        assert [frame["d"] for frame in his.heard if frame["t"] == "typing"] == [{"user_id": anna.id}]


@pytest.mark.parametrize(
    "text",
    ["not json", '{"v":1,"t":"teleport"}', '{"v":1,"t":"hello","d":{"token":"x"}}', "[" * 500 + "]" * 500],
)
async def test_a_frame_that_makes_no_sense_is_answered_and_the_connection_stays(runtime: Runtime, text: str) -> None:
    anna = await runtime.join()
    async with anna.socket() as socket:
        await socket.websocket.send(text)
        assert (await socket.until("error"))["d"]["code"] == "invalid_input"
        await socket.say("ping")
        await socket.until("pong")


async def test_a_frame_that_is_too_large_ends_the_connection(runtime: Runtime) -> None:
    anna = await runtime.join()
    async with anna.socket() as socket:
        await socket.websocket.send("x" * (LARGEST_FRAME + 1))
        await until_closed(socket)


async def test_a_revoked_session_ends_its_connections_and_no_other(runtime: Runtime) -> None:
    anna = await runtime.join()
    async with anna.socket() as socket:
        answer = await anna.http.delete("/v1/sessions/current", headers=anna.auth)
        assert answer.status_code == 204
        assert (await until_closed(socket))[-1] == {"v": 1, "t": "bye", "d": {"code": 4401}}


async def test_a_client_that_has_gone_is_no_trouble_for_those_who_write_to_it(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket:
        async with boris.socket() as his:
            his.websocket.transport.abort()
        for number in range(1, 4):
            await socket.send(chat, str(number))
            assert (await socket.until("ack"))["d"]["seq"] == number
    async with boris.socket() as his:
        assert [message["seq"] for message in his.messages()] == [1, 2, 3]


async def test_who_is_here_is_told_when_a_chat_is_opened_and_to_no_stranger(runtime: Runtime) -> None:
    anna, boris, clara = await runtime.join("Anna"), await runtime.join("Boris"), await runtime.join("Clara")
    chat = await anna.group("here", [boris, clara])
    stranger = await runtime.join("Dora")
    async with boris.socket(), anna.socket() as hers, stranger.socket() as strangers:
        await strangers.say("open", chat=chat)
        assert (await strangers.until("error"))["d"]["code"] == "not_found"
        await hers.say("open", chat=chat)
        told = (await hers.until("presence", chat=chat))["d"]["people"]
        assert {one["user_id"]: one["online"] for one in told} == {boris.id: True, clara.id: False}


async def test_when_somebody_was_last_seen_is_kept_when_their_last_connection_ends(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat = await anna.direct(boris)

    async def seen() -> dict[str, Any]:
        found: list[dict[str, Any]] = await anna.get(f"/v1/chats/{chat}/presence")
        return found[0]

    before = await seen()
    async with boris.socket():
        async with boris.socket():
            pass
        assert (await seen())["online"]
    async with asyncio.timeout(60):
        while (him := await seen())["online"] or him["last_seen"] in (None, before["last_seen"]):
            await asyncio.sleep(0.1)


async def test_what_is_not_received_in_time_is_pushed_once(runtime: Runtime) -> None:
    anna, boris = await runtime.join("Anna"), await runtime.join("Boris")
    chat, token = await anna.direct(boris), str(uuid4())
    answer = await boris.put(f"/v1/push/endpoints/{uuid4()}", {"platform": "fcm", "token": token})
    assert answer.status_code == 204
    async with anna.socket() as socket:
        await socket.send(chat, "Hello Boris")
        await socket.until("ack")

    async with asyncio.timeout(60):
        while not await pushed(runtime, token):
            await asyncio.sleep(0.1)
        await anna.send(chat, "Are you there?")
        while len(shown := await pushed(runtime, token)) < 2:
            await asyncio.sleep(0.1)
    assert [(push["title"], push["body"]) for push in reversed(shown)] == [
        ("Anna", "Hello Boris"),
        ("Anna", "Are you there? (+1)"),
    ]


async def test_the_clock_pushes_what_no_queue_asked_about(as_functions: Runtime, stand_in: AwsStandIn) -> None:
    anna, boris = await as_functions.join("Anna"), await as_functions.join("Boris")
    chat, token = await anna.direct(boris), str(uuid4())
    await boris.put(f"/v1/push/endpoints/{uuid4()}", {"platform": "apns", "token": token})
    root = stand_in.root
    keys = {"aws_access_key_id": root.access_key_id, "aws_secret_access_key": root.secret()}
    where: dict[str, Any] = {"region_name": root.region, "endpoint_url": root.endpoint_url, **keys}
    functions, events = boto3.client("lambda", **where), boto3.client("events", **where)
    (target,) = (await asyncio.to_thread(events.list_targets_by_rule, Rule="cyphr-clock"))["Targets"]
    (source,) = functions.list_event_source_mappings(FunctionName="cyphr-later")["EventSourceMappings"]
    await asyncio.to_thread(functions.update_event_source_mapping, UUID=source["UUID"], Enabled=False)
    try:
        await anna.send(chat, "Hello Boris")
        async with asyncio.timeout(60):
            while not await pushed(as_functions, token):
                answer = await asyncio.to_thread(functions.invoke, FunctionName=target["Arn"], Payload="{}")
                assert "FunctionError" not in answer
    finally:
        await asyncio.to_thread(functions.update_event_source_mapping, UUID=source["UUID"], Enabled=True)


async def test_the_clock_closes_sockets_of_sessions_that_the_operator_ended(
    as_functions: Runtime, stand_in: AwsStandIn
) -> None:
    anna, boris = await as_functions.join("Anna"), await as_functions.join("Boris")
    root = stand_in.root
    keys = {"aws_access_key_id": root.access_key_id, "aws_secret_access_key": root.secret()}
    where: dict[str, Any] = {"region_name": root.region, "endpoint_url": root.endpoint_url, **keys}
    functions: Any = boto3.client("lambda", **where)
    async with anna.socket() as ended, boris.socket() as living:
        async with await open_database(as_functions.side.owner) as connection:
            await connection.execute("select private.end_sessions(%s)", [anna.id])
        answer = await asyncio.to_thread(functions.invoke, FunctionName="cyphr-clock", Payload="{}")
        assert "FunctionError" not in answer
        with pytest.raises(ConnectionClosed):
            await ended.until("never")
        await living.say("ping")
        await living.until("pong")


async def test_who_is_taken_out_of_a_group_hears_nothing_that_was_said_after_it(runtime: Runtime) -> None:
    anna, boris, clara = await runtime.join("Anna"), await runtime.join("Boris"), await runtime.join("Clara")
    chat = await anna.group("smaller", [boris, clara])
    async with anna.socket() as hers, boris.socket() as his, clara.socket() as theirs:
        for number in range(5):
            await hers.send(chat, f"before {number}")
            await his.until("msg")
        removal = asyncio.create_task(anna.delete(f"/v1/chats/{chat}/members/{boris.id}"))
        for number in range(5):
            await hers.send(chat, f"meanwhile {number}")
            await theirs.say("recv", chat=chat, d={"seq": number + 1})
        assert (await removal).status_code == 204
        left = (await his.until("chat.left", chat=chat))["seq"]
        await hers.send(chat, "after")
        while not any(message["content"] == "after" for message in theirs.messages()):
            await theirs.hear()
        await his.say("ping")
        await his.until("pong")
    assert len(theirs.messages()) == len({message["seq"] for message in theirs.messages()}) >= 12
    assert max(message["seq"] for message in his.messages()) <= left


async def test_a_server_that_is_ready_names_everything_it_needs(runtime: Runtime) -> None:
    answer = await runtime.http.get("/readyz")
    assert answer.status_code == 200
    shared = {"connections", "fan_out_queue", "later_queue"} if runtime.settings.realtime.table else set()
    assert answer.json() == {"checks": dict.fromkeys({"database"} | shared, "ok")}


async def test_a_round_that_the_queue_gives_twice_is_told_twice_with_one_number(
    as_functions: Runtime, stand_in: AwsStandIn
) -> None:
    anna, boris = await as_functions.join("Anna"), await as_functions.join("Boris")
    chat = await anna.direct(boris)
    root = stand_in.root
    keys = {"aws_access_key_id": root.access_key_id, "aws_secret_access_key": root.secret()}
    functions = boto3.client("lambda", region_name=root.region, endpoint_url=root.endpoint_url, **keys)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as threads:
        table = ConnectionTable(table_client(root), TABLE, threads)
        async with boris.socket() as his:
            await anna.send(chat, "once")
            first = await his.until("msg")
            event = PostedEvent(EventKind.MESSAGE, UUID(chat), json.dumps(first), seq=1)
            body = Round(event=event, places=await table.list_places([UUID(boris.id)])).model_dump_json()
            records = [{"messageId": str(number), "body": body} for number in range(2)]
            payload = json.dumps({"Records": records})
            answer = await asyncio.to_thread(functions.invoke, FunctionName="cyphr-fan-out", Payload=payload)
            assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
            for _ in range(2):
                assert await his.until("msg") == first
            assert {message["seq"] for message in his.messages()} == {1}


async def test_who_opens_chats_without_end_is_refused_behind_functions_too(as_functions: Runtime) -> None:
    anna, boris = await as_functions.join("Anna"), await as_functions.join("Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as hers:
        for _ in range(80):
            await hers.say("open", chat=chat)
        assert (await hers.until("error"))["d"]["code"] == "rate_limited"
