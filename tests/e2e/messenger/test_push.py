"""What a member does not receive in time is pushed to their devices: once, collapsed, and as they want it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.mailbox import Mailbox
from cyphr.embedded.pushes import PushInbox
from cyphr.foundation.aws import notifications_client
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.app import build_messenger
from cyphr.messenger.core import sns_channel
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for

Settings = Callable[..., MessengerSettings]


@pytest_asyncio.fixture(scope="module")
async def stand_in(tmp_path_factory: Any) -> AsyncIterator[AwsStandIn]:
    async with AwsStandIn(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def settings(supabase_side: TestSide, token_key: Path, stand_in: AwsStandIn) -> Settings:
    applications = stand_in.names.push_applications

    def make(side: TestSide = supabase_side, **more: Any) -> MessengerSettings:
        given: dict[str, Any] = {
            "aws": stand_in.settings,
            "push_fcm_application": applications["GCM"],
            "push_apns_application": applications["APNS"],
            "push_after_seconds": 0.15,
            "push_collapse_seconds": 0.3,
            "public_url": "https://chat.example.org",
        }
        return settings_for(side, token_key=token_key, **(given | more))

    return make


@pytest_asyncio.fixture(scope="module")
async def server(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings()) as client:
        yield client


async def device(person: Client, platform: str = "fcm", *, device_id: str | None = None, **more: Any) -> str:
    """Register a device of this person; its token."""
    token = more.pop("token", str(uuid4()))
    response = await person.http.put(
        f"/v1/push/endpoints/{device_id or uuid4()}",
        json={"platform": platform, "token": token, **more},
        headers=person.auth,
    )
    assert response.status_code == 204, response.text
    return str(token)


async def pushes(http: httpx.AsyncClient, token: str) -> list[dict[str, Any]]:
    """What this device was pushed, oldest first."""
    response = await http.get("/pushes", params={"token": token}, headers={"Accept": "application/json"})
    return list(reversed(response.json()["pushes"]))


async def until_pushed(http: httpx.AsyncClient, token: str, count: int = 1) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while len(found := await pushes(http, token)) < count:
            await asyncio.sleep(0.05)
    return found


async def until_checked(side: TestSide, chat: str) -> None:
    """Wait until the server has nothing left to do for this chat, now or later."""
    async with asyncio.timeout(30), await connect(side.superuser) as connection:
        while True:
            cursor = await connection.execute(
                "select exists (select from push_checks where chat_id = %(chat)s)"
                " or exists (select from push_state where chat_id = %(chat)s and wanted_seq > pushed_seq)",
                {"chat": chat},
            )
            if await cursor.fetchone() == (False,):
                return
            await asyncio.sleep(0.05)


async def test_what_is_not_received_in_time_is_pushed_with_a_link_and_a_badge(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    chat = await anna.direct(boris)
    await anna.send(chat, "Hello\nBoris")
    (push,) = await until_pushed(server, token)
    assert (push["title"], push["body"]) == ("Anna", "Hello Boris")
    assert (push["badge"], push["waiting"], push["silent"]) == (1, 1, False)
    assert push["link"] == f"https://chat.example.org/#/chats/{chat}"
    message = push["payload"]["GCM"]["fcmV1Message"]["message"]
    assert message["android"]["collapse_key"] == chat
    assert message["data"]["chat"] == chat


async def test_what_was_received_is_not_pushed(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    own = await device(anna)
    chat = await anna.direct(boris)
    async with boris.socket() as socket:
        await anna.send(chat, "hello")
        event = await socket.until("msg")
        await socket.say("recv", chat=chat, d={"seq": event["seq"]})
        await until_checked(supabase_side, chat)
    assert await pushes(server, token) == []
    assert await pushes(server, own) == [], "nobody is told of what they sent themselves"


async def test_several_messages_of_a_chat_are_one_push_and_a_later_one_replaces_it(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    token = await device(boris, "apns")
    chat, other = await anna.group("Excursion", [boris]), await clara.direct(boris)
    for number in range(3):
        await anna.send(chat, f"message {number}")
    (push,) = await until_pushed(server, token)
    assert (push["title"], push["body"], push["waiting"]) == ("Excursion", "Anna: message 2 (+2)", 3)
    await clara.send(other, "hi")
    await until_pushed(server, token, 2)
    await anna.send(chat, "one more")
    latest = (await until_pushed(server, token, 3))[-1]
    await until_checked(supabase_side, chat)
    assert (latest["body"], latest["waiting"], latest["badge"]) == ("Anna: one more (+3)", 4, 2)
    assert len(await pushes(server, token)) == 3
    assert latest["payload"]["APNS"]["aps"]["thread-id"] == chat


async def test_every_device_of_a_person_is_told_in_its_language(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    english, russian = await device(boris), await device(boris, language="ru")
    response = await boris.http.put("/v1/me/notifications", json={"preview": "none"}, headers=boris.auth)
    assert response.json() == {"preview": "none", "mentions_break_mute": False, "quiet_hours": None}
    await anna.send(await anna.direct(boris), "secret")
    told = [(await until_pushed(server, token))[0] for token in (english, russian)]
    assert [(one["title"], one["body"]) for one in told] == [("Cyphr", "New message"), ("Cyphr", "Новое сообщение")]
    assert "secret" not in str(told)
    assert "Anna" not in str(told)


async def test_nothing_of_an_encrypted_message_is_in_a_push(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    chat = await anna.direct(boris)
    async with await connect(supabase_side.owner) as connection:
        await connection.execute(
            "insert into messages (chat_id, sender_id, content, encrypted) values (%s, %s, 'ciphertext', true)",
            [chat, anna.id],
        )
    (push,) = await until_pushed(server, token)
    assert (push["title"], push["body"]) == ("Anna", "New message")
    assert "ciphertext" not in str(push)


async def test_a_muted_chat_is_not_pushed_unless_mentions_may_break_through(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    chat = await anna.direct(boris)

    async def mentioned(content: str) -> None:
        async with await connect(supabase_side.owner) as connection:
            await connection.execute(
                "update chat_participants set muted_until = 'infinity' where user_id = %s", [boris.id]
            )
            await connection.execute(
                "insert into messages (chat_id, sender_id, content, mentions) values (%s, %s, %s, array[%s]::uuid[])",
                [chat, anna.id, content, boris.id],
            )

    await mentioned("@Boris in vain")
    await until_checked(supabase_side, chat)
    assert await pushes(server, token) == []
    await boris.http.put("/v1/me/notifications", json={"mentions_break_mute": True}, headers=boris.auth)
    await mentioned("@Boris now")
    (push,) = await until_pushed(server, token)
    assert push["body"] == "@Boris now (+1)"
    assert push["badge"] == 0, "a muted chat is not counted"


async def quiet(person: Client, mode: str, *, hours: str = "all") -> None:
    spans = {"all": ("00:00", "23:59:59.999999"), "over": ("00:00", "00:00:00.000001")}
    start, end = spans[hours]
    body = {"quiet_hours": {"start": start, "end": end, "time_zone": "Europe/Berlin", "mode": mode}}
    response = await person.http.put("/v1/me/notifications", json=body, headers=person.auth)
    assert response.status_code == 200, response.text


async def until_put_off(side: TestSide, chat: str) -> None:
    async with asyncio.timeout(30), await connect(side.superuser) as connection:
        while True:
            cursor = await connection.execute(
                "select due_at > now() + interval '10 seconds' and tries = 0 from push_state where chat_id = %s", [chat]
            )
            if await cursor.fetchone() == (True,):
                return
            await asyncio.sleep(0.05)


async def test_quiet_hours_hold_a_push_back_until_they_end(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    chat = await anna.direct(boris)
    await quiet(boris, "none")
    await anna.send(chat, "psst")
    await until_put_off(supabase_side, chat)
    assert await pushes(server, token) == []
    await quiet(boris, "none", hours="over")
    async with await connect(supabase_side.owner) as connection:
        await connection.execute("update push_state set due_at = now() where chat_id = %s", [chat])
    assert (await until_pushed(server, token))[0]["body"] == "psst"


async def test_quiet_hours_may_let_the_number_through(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris, "apns")
    chat = await anna.direct(boris)
    await quiet(boris, "badge")
    await anna.send(chat, "psst")
    (push,) = await until_pushed(server, token)
    await until_put_off(supabase_side, chat)
    assert push["payload"]["APNS"]["aps"] == {"badge": 1}
    assert len(await pushes(server, token)) == 1


async def test_a_time_zone_that_does_not_exist_is_refused(server: httpx.AsyncClient) -> None:
    anna = await register(server)
    body = {"quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Europe/Atlantis"}}
    response = await anna.http.put("/v1/me/notifications", json=body, headers=anna.auth)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    known = body["quiet_hours"] | {"time_zone": "Asia/Almaty"}
    await anna.http.put("/v1/me/notifications", json={"quiet_hours": known}, headers=anna.auth)
    read = await anna.get("/v1/me/notifications")
    assert read["quiet_hours"] == {"start": "22:00:00", "end": "07:00:00", "time_zone": "Asia/Almaty", "mode": "none"}


async def test_a_device_belongs_to_whoever_signed_in_on_it_last(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    phone, token = str(uuid4()), str(uuid4())
    await device(boris, device_id=phone, token=token)
    await device(clara, device_id=phone, token=token)
    to_boris, to_clara = await anna.direct(boris), await anna.direct(clara)
    await anna.send(to_boris, "for Boris")
    await anna.send(to_clara, "for Clara")
    (push,) = await until_pushed(server, token)
    await until_checked(supabase_side, to_boris)
    assert push["body"] == "for Clara"
    assert len(await pushes(server, token)) == 1


async def test_who_signs_out_or_removes_the_device_is_not_pushed(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    tokens = [await device(boris), await device(clara, device_id=(phone := str(uuid4())))]
    chat = await anna.group("all", [boris, clara])
    await boris.http.delete("/v1/sessions/current", headers=boris.auth)
    await anna.http.delete(f"/v1/push/endpoints/{phone}", headers=anna.auth)
    await anna.send(chat, "first")
    assert (await until_pushed(server, tokens[1]))[0]["body"] == "Anna: first", "only its owner removes a device"
    await clara.http.delete(f"/v1/push/endpoints/{phone}", headers=clara.auth)
    await anna.send(chat, "second")
    await until_checked(supabase_side, chat)
    assert [len(await pushes(server, token)) for token in tokens] == [0, 1]


async def test_an_endpoint_that_sns_has_lost_is_made_anew(server: httpx.AsyncClient, stand_in: AwsStandIn) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    chat = await anna.direct(boris)
    await anna.send(chat, "first")
    (push,) = await until_pushed(server, token)
    sns = notifications_client(stand_in.settings)
    await asyncio.to_thread(sns.delete_endpoint, EndpointArn=push["endpoint"])
    await anna.send(chat, "second")
    again = (await until_pushed(server, token, 2))[1]
    assert again["body"] == "second (+1)"
    assert again["endpoint"] != push["endpoint"]


async def test_several_servers_push_once(
    server: httpx.AsyncClient, settings: Settings, supabase_side: TestSide
) -> None:
    async with serve(settings()) as one, serve(settings()) as two:
        anna = await register(one, "Anna")
        others = await asyncio.gather(*(register(one, f"Person {number}") for number in range(8)))
        tokens = await asyncio.gather(*(device(person) for person in others))
        chats = await asyncio.gather(*(anna.direct(person) for person in others))
        await asyncio.gather(*(anna.send(chat, "once") for chat in chats))
        for chat in chats:
            await until_checked(supabase_side, chat)
        told = [[push["body"] for http in (server, one, two) for push in await pushes(http, token)] for token in tokens]
    assert told == [["once"]] * 8


async def test_a_push_whose_server_died_while_it_was_sent_is_taken_by_another_after_a_while(
    settings: Settings, supabase: TestSide
) -> None:
    async with serve(settings(supabase, push_after_seconds=3600)) as quiet_server, await connect(supabase.app) as dying:
        anna, boris = await register(quiet_server, "Anna"), await register(quiet_server, "Boris")
        await device(boris)
        chat = await anna.direct(boris)
        await anna.send(chat, "hello")

        async def take() -> int:
            cursor = await dying.execute("select from private.take_pushes(10, %s, interval '1 minute')", [chat])
            return cursor.rowcount

        await dying.execute("select private.check_pushes('1 hour', '0', 1, %s, 1)", [chat])
        assert [await take(), await take()] == [1, 0], "nobody else sends it meanwhile"
        async with await connect(supabase.owner) as connection:
            await connection.execute("update push_state set due_at = now() where chat_id = %s", [chat])
        assert await take() == 1


async def test_one_chat_is_looked_at_when_a_runtime_without_a_loop_says_so(
    settings: Settings, supabase: TestSide
) -> None:
    patient = settings(supabase, push_after_seconds=3600)
    inbox = PushInbox(sns_channel(patient))
    messenger = build_messenger(patient, Mailbox(), inbox)
    await messenger.open()
    try:
        async with serve(patient) as http:
            anna, boris = await register(http, "Anna"), await register(http, "Boris")
            token, chat = await device(boris), await anna.direct(boris)
            for number in range(1, 4):
                await anna.send(chat, f"message {number}")
            assert await messenger.push.check_due() == 0, "none of them is late"
            assert await messenger.push.check(UUID(chat), 1) == 1
            assert await messenger.push.check(UUID(chat), 2) == 0, "the first push covered all of them"
    finally:
        await messenger.close()
    assert [push.body for push in inbox.pushes(token)] == ["message 3 (+2)"]


async def test_a_person_has_twenty_devices_and_the_latest_ones_count(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna = await register(server)
    tokens = [await device(anna) for _ in range(22)]
    async with await connect(supabase_side.superuser) as connection:
        cursor = await connection.execute("select token from push_endpoints where user_id = %s", [anna.id])
        assert {row[0] for row in await cursor.fetchall()} == set(tokens[2:])


async def test_the_page_for_people_shows_what_was_pushed_and_runs_nothing_of_it(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    token = await device(boris)
    await anna.send(await anna.direct(boris), "<script>alert(1)</script>")
    await until_pushed(server, token)
    page = await server.get("/pushes", params={"token": token})
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>" not in page.text


async def test_a_platform_that_is_not_set_up_is_refused(server: httpx.AsyncClient) -> None:
    anna = await register(server)
    response = await anna.http.put(
        f"/v1/push/endpoints/{uuid4()}", json={"platform": "webpush", "token": "x"}, headers=anna.auth
    )
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
