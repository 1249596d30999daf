"""Groups: who may do what in them, what everybody hears of it, and what those see who come, go and stay out."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, Socket, register
from tests.e2e.messenger.conftest import serve, settings_for

_NAMES = ("Anna", "Boris", "Clara", "Dmitri", "Elena")


@pytest_asyncio.fixture(scope="module")
async def http(aws_side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(aws_side, token_key=token_key)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def people(http: httpx.AsyncClient) -> list[Client]:
    """The same few in every test of this file; each test makes chats of its own."""
    return [await register(http, name) for name in _NAMES]


async def add(person: Client, chat: str, *others: Client) -> httpx.Response:
    return await person.post(f"/v1/chats/{chat}/members", {"user_ids": [other.id for other in others]})


async def remove(person: Client, chat: str, other: Client) -> int:
    return (await person.call("DELETE", f"/v1/chats/{chat}/members/{other.id}")).status_code


async def give_role(person: Client, chat: str, other: Client, role: str) -> int:
    return (await person.call("PUT", f"/v1/chats/{chat}/members/{other.id}/role", {"role": role})).status_code


async def change(person: Client, chat: str, **changes: Any) -> int:
    return (await person.call("PATCH", f"/v1/chats/{chat}", changes)).status_code


async def roles(person: Client, chat: str) -> dict[str, str]:
    page = await person.get(f"/v1/chats/{chat}/members")
    return {member["user_id"]: member["role"] for member in page["members"]}


async def notices(person: Client, chat: str) -> list[dict[str, Any]]:
    history = (await person.get(f"/v1/chats/{chat}/messages"))["messages"]
    return [json.loads(one["content"]) for one in history if one["message_type"] == "notice"]


async def heard_of(socket: Socket, chat: str) -> list[str]:
    """The kinds of everything of a chat that had been sent to this connection by now."""
    await socket.say("ping")
    await socket.until("pong")
    return [frame["t"] for frame in socket.heard if frame.get("chat") == chat]


async def test_who_is_added_hears_of_the_chat_and_then_the_notice_and_sees_nothing_from_before(
    people: list[Client],
) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("plans", [boris])
    await anna.send(chat, "before")
    async with anna.socket() as annas, boris.socket() as boriss, clara.socket() as claras:
        answer = await add(anna, chat, clara)
        assert answer.json() == {"added": [clara.id], "refused": []}
        event = await claras.until("chat", chat=chat)
        notice = await claras.until("msg", chat=chat)
        for other in (annas, boriss):
            assert await other.until("msg", seq=2) == notice
        assert await heard_of(boriss, chat) == ["resume.page", "msg"], "who is there already needs no event of the chat"
    assert (event["d"]["chat"]["last_message"], event["d"]["chat"]["mine"]) == (None, None)
    assert (notice["seq"], notice["from"], notice["d"]["message"]["message_type"]) == (2, anna.id, "notice")
    assert json.loads(notice["d"]["message"]["content"]) == {"event": "member_added", "user_ids": [clara.id]}
    seen = (await clara.get(f"/v1/chats/{chat}/messages", after=0))["messages"]
    assert [message["seq"] for message in seen] == [2]
    mine = (await clara.get(f"/v1/chats/{chat}"))["mine"]
    assert (mine["role"], mine["visible_from_seq"], mine["read_seq"]) == ("member", 1, 1)
    async with clara.socket() as again:
        assert [message["seq"] for message in again.messages() if message["chat_id"] == chat] == [2]


async def test_a_chat_may_show_its_history_from_the_start(people: list[Client]) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("open book", [boris])
    await anna.send(chat, "first")
    assert await change(anna, chat, history="start") == 200
    await add(anna, chat, clara)
    seen = (await clara.get(f"/v1/chats/{chat}/messages", after=0))["messages"]
    assert [message["seq"] for message in seen] == [1, 2, 3]
    assert (await clara.get(f"/v1/chats/{chat}"))["mine"]["read_seq"] == 2, "what was before is not unread"


async def test_adding_who_is_there_changes_nothing_and_a_stranger_to_cyphr_is_not_found(people: list[Client]) -> None:
    anna, boris, *_ = people
    chat = await anna.group("twice", [boris])
    assert (await add(anna, chat, boris)).json() == {"added": [], "refused": []}
    unknown = await anna.post(f"/v1/chats/{chat}/members", {"user_ids": [str(uuid4())]})
    assert unknown.status_code == 404
    assert await notices(anna, chat) == []


async def test_each_role_may_do_what_it_is_for_and_nothing_else(people: list[Client]) -> None:
    anna, boris, clara, dmitri, elena = people
    chat = await anna.group("roles", [boris, clara, dmitri])
    assert (await add(clara, chat, elena)).status_code == 403
    assert await change(clara, chat, name="mine") == 403
    assert await remove(clara, chat, dmitri) == 403
    assert await give_role(clara, chat, clara, "owner") == 403
    assert (await clara.get_status(f"/v1/chats/{chat}/bans"), await clara.get_status(f"/v1/chats/{chat}/invites")) == (
        403,
        403,
    )
    assert await give_role(anna, chat, boris, "admin") == 204
    assert await give_role(boris, chat, clara, "admin") == 403, "only the owner gives roles"
    assert await remove(boris, chat, anna) == 403, "nobody removes the owner"
    assert await give_role(anna, chat, clara, "admin") == 204
    assert await remove(boris, chat, clara) == 403, "admins do not remove each other"
    assert await change(boris, chat, name="ours") == 200
    assert await remove(boris, chat, dmitri) == 204
    assert await give_role(anna, chat, dmitri, "admin") == 404
    assert await give_role(anna, chat, anna, "member") == 422
    assert await give_role(anna, chat, boris, "owner") == 204
    assert await roles(anna, chat) == {anna.id: "admin", boris.id: "owner", clara.id: "admin"}
    assert await remove(anna, chat, boris) == 403
    assert [one["event"] for one in await notices(anna, chat)] == [
        "role_changed", "role_changed", "chat_changed", "member_removed", "role_changed",
    ]  # fmt: skip
    listed = (await anna.get(f"/v1/chats/{chat}"))["members"]
    assert listed[0]["user_id"] == boris.id, "who owns the group stands first"


async def test_a_group_may_let_admins_alone_send_and_everybody_add_and_change(people: list[Client]) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("news", [boris])
    assert await change(anna, chat, who_may_send="admin", who_may_add="member", who_may_change="member") == 200
    assert (await boris.send(chat, "may I?")).status_code == 403
    async with boris.socket() as socket:
        client_id = await socket.send(chat, "may I?")
        refused = await socket.until("error", id=client_id)
    assert (refused["d"]["code"], refused["d"]["retryable"]) == ("not_allowed", False)
    assert (await anna.send(chat, "news")).status_code == 201
    assert (await add(boris, chat, clara)).json()["added"] == [clara.id]
    assert await change(clara, chat, name="our news") == 200
    assert await change(clara, chat, who_may_send="member") == 403
    assert await change(clara, chat, name="our news") == 200
    assert [one.get("changes", {}).get("name") for one in await notices(anna, chat)] == [None, None, "our news"]
    assert (await anna.get(f"/v1/chats/{chat}"))["name"] == "our news"
    assert await change(anna, chat) == 422


async def test_who_is_removed_hears_that_they_left_and_nothing_after_and_finds_no_chat(people: list[Client]) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("parting", [boris, clara])
    async with boris.socket() as boriss, clara.socket() as claras:
        assert await remove(anna, chat, boris) == 204
        left = await boriss.until("chat.left", chat=chat)
        notice = await claras.until("msg", chat=chat)
        assert left["seq"] == notice["seq"] == 1
        await anna.send(chat, "without Boris")
        await claras.until("msg", seq=2)
        await claras.say("typing", chat=chat)
        await claras.say("read", chat=chat, id=str(uuid4()), d={"seq": 2})
        await claras.until("ack")
        assert await heard_of(boriss, chat) == ["chat.left"]
        client_id = await boriss.send(chat, "am I here?")
        assert (await boriss.until("error", id=client_id))["d"]["code"] == "not_found"
    assert await boris.get_status(f"/v1/chats/{chat}") == 404
    assert await boris.get_status(f"/v1/chats/{chat}/messages") == 404
    assert chat not in [one["id"] for one in await boris.get("/v1/chats")]
    async with boris.socket({chat: 0}) as again:
        assert chat not in again.heard[-1]["d"]["heads"]
        assert not [message for message in again.messages() if message["chat_id"] == chat]
    await add(anna, chat, boris)
    seen = (await boris.get(f"/v1/chats/{chat}/messages", after=0))["messages"]
    assert [message["seq"] for message in seen] == [3], "what was said meanwhile is not theirs to read"


async def test_who_is_banned_cannot_be_added_nor_come_back_by_a_link_until_it_is_lifted(people: list[Client]) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("door", [boris, clara])
    invite = (await anna.post(f"/v1/chats/{chat}/invites", {})).json()
    ban = f"/v1/chats/{chat}/bans/{boris.id}"
    assert (await clara.call("PUT", ban)).status_code == 403
    async with boris.socket() as boriss:
        assert (await anna.call("PUT", ban)).status_code == 204
        await boriss.until("chat.left", chat=chat)
    assert (await anna.call("PUT", ban)).status_code == 204
    assert [one["person"]["id"] for one in await anna.get(f"/v1/chats/{chat}/bans")] == [boris.id]
    assert await clara.get_status(f"/v1/chats/{chat}/bans") == 403
    assert (await add(anna, chat, boris)).json() == {"added": [], "refused": [boris.id]}
    assert await boris.get_status(f"/v1/invites/{invite['token']}") == 404
    assert (await boris.post(f"/v1/invites/{invite['token']}/join", None)).status_code == 404
    assert (await anna.call("DELETE", ban)).status_code == 204
    assert (await boris.post(f"/v1/invites/{invite['token']}/join", None)).status_code == 200
    events = [one["event"] for one in await notices(anna, chat)]
    assert events == ["member_banned", "ban_lifted", "member_joined"]


async def test_who_left_of_their_own_can_be_banned_and_who_never_was_there_cannot(people: list[Client]) -> None:
    anna, boris, clara, *_ = people
    chat = await anna.group("gone", [boris])
    assert await remove(boris, chat, boris) == 204
    assert (await anna.call("PUT", f"/v1/chats/{chat}/bans/{boris.id}")).status_code == 204
    assert (await anna.call("PUT", f"/v1/chats/{chat}/bans/{clara.id}")).status_code == 404
    assert (await add(anna, chat, boris)).json()["refused"] == [boris.id]


async def test_when_the_owner_leaves_the_longest_serving_admin_follows_then_the_longest_serving_member(
    people: list[Client],
) -> None:
    anna, boris, clara, dmitri, _ = people
    chat = await anna.group("succession", [boris])
    await add(anna, chat, clara)
    await add(anna, chat, dmitri)
    await give_role(anna, chat, dmitri, "admin")
    async with anna.socket() as annas:
        assert await remove(anna, chat, anna) == 204
        await annas.until("chat.left", chat=chat)
    assert await roles(boris, chat) == {boris.id: "member", clara.id: "member", dmitri.id: "owner"}
    assert (await notices(boris, chat))[-1] == {"event": "member_left", "user_ids": [anna.id], "owner": dmitri.id}
    await remove(dmitri, chat, dmitri)
    assert await roles(clara, chat) == {boris.id: "owner", clara.id: "member"}
    assert [await remove(person, chat, person) for person in (boris, clara)] == [204, 204]
    assert await remove(clara, chat, clara) == 404


async def test_a_group_of_the_old_server_is_administered_by_who_made_it(
    people: list[Client], aws_side: TestSide
) -> None:
    anna, boris, clara, *_ = people
    chat = str(uuid4())
    async with await connect(aws_side.owner) as connection:
        await connection.execute(
            "insert into chats (id, type, name, created_by) values (%s, 'group', 'old', %s)", [chat, boris.id]
        )
        await connection.execute(
            "insert into chat_participants (chat_id, user_id, role, left_at)"
            " values (%(c)s, %(a)s, null, null), (%(c)s, %(b)s, null, null), (%(c)s, %(d)s, 'member', now())",
            {"c": chat, "a": anna.id, "b": boris.id, "d": clara.id},
        )
    assert await roles(anna, chat) == {anna.id: "member", boris.id: "owner"}
    assert (await boris.get(f"/v1/chats/{chat}"))["mine"]["role"] == "owner"
    assert await boris.get(f"/v1/chats/{chat}/bans") == []
    assert await change(anna, chat, name="taken") == 403
    assert await change(boris, chat, name="kept") == 200
    assert (await add(boris, chat, clara)).json()["added"] == [clara.id]
    assert await remove(boris, chat, boris) == 204
    assert await roles(anna, chat) == {anna.id: "owner", clara.id: "member"}


async def test_a_group_holds_1024_people_and_is_told_of_in_small_frames(
    people: list[Client], aws_side: TestSide
) -> None:
    anna, boris, clara, dmitri, _ = people
    chat = await anna.group("crowd", [])
    async with await connect(aws_side.owner) as connection:
        await connection.execute(
            "with crowd as (insert into users (full_name, cyphr_id)"
            "  select repeat('Ё', 250) || n, '@crowd' || n from generate_series(1, 1022) n returning id)"
            " insert into chat_participants (chat_id, user_id) select %s, id from crowd",
            [chat],
        )
    full = await add(anna, chat, boris, clara)
    assert (full.status_code, full.json()["code"]) == (409, "conflict")
    async with boris.socket() as boriss:
        assert (await add(anna, chat, boris)).status_code == 200
        event = await boriss.until("chat", chat=chat)
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= 28 * 1024
    assert event["d"]["chat"]["member_count"] == 1024
    assert 0 < len(event["d"]["chat"]["members"]) <= 50
    assert (await add(anna, chat, clara)).status_code == 409
    invite = (await anna.post(f"/v1/chats/{chat}/invites", {})).json()
    assert (await dmitri.post(f"/v1/invites/{invite['token']}/join", None)).status_code == 409
    listed = await boris.get(f"/v1/chats/{chat}")
    assert (len(listed["members"]), listed["member_count"]) == (50, 1024)
    assert listed["members"][0]["user_id"] == anna.id

    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await boris.get(f"/v1/chats/{chat}/members", limit=200, **after)
        seen += [member["user_id"] for member in page["members"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen)) == 1024
    found = await boris.get(f"/v1/chats/{chat}/members", search="@CROWD77")
    assert {member["cyphr_id"] for member in found["members"]} == {"@crowd77", *(f"@crowd77{n}" for n in range(10))}
    assert (await boris.get(f"/v1/chats/{chat}/members", search="%"))["members"] == []
