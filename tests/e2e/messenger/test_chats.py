"""Lists of chats, what each person makes of a chat for themselves, blocks, privacy, and who finds what."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import Register, serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def http(supabase_side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(supabase_side, token_key=token_key)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def people(http: httpx.AsyncClient) -> list[Client]:
    """The same few in every test of this file that needs no fresh list of chats."""
    return [await register(http, name) for name in ("Anna", "Boris", "Clara")]


async def listed(person: Client, **parameters: Any) -> list[str]:
    return [chat["id"] for chat in await person.get("/v1/chats", **parameters)]


async def pin(person: Client, *chats: str) -> int:
    return (await person.call("PUT", "/v1/chats/pinned", {"chat_ids": chats})).status_code


async def settle(person: Client, chat: str, **settings: Any) -> dict[str, Any]:
    answer = await person.call("PATCH", f"/v1/chats/{chat}/settings", settings)
    assert answer.status_code == 200, answer.text
    mine: dict[str, Any] = answer.json()
    return mine


async def test_the_list_is_paged_pinned_chats_first_and_every_chat_comes_once(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chats = [await anna.group(f"group {number}", [boris]) for number in range(7)]
    newest_first = chats[::-1]
    assert await listed(anna) == newest_first
    assert await pin(anna, chats[1], chats[4]) == 204
    expected = [chats[1], chats[4], *(chat for chat in newest_first if chat not in {chats[1], chats[4]})]
    assert await listed(anna) == expected
    for limit in (1, 3, 7):
        seen: list[str] = []
        path: str | None = f"/v1/chats?limit={limit}"
        while path is not None:
            answer = await anna.call("GET", path)
            seen += [chat["id"] for chat in answer.json()]
            following = answer.links.get("next")
            path = None if following is None else following["url"]
        assert seen == expected
    assert await listed(boris) == newest_first, "pinning is one's own"
    for after in ("x", "1_2_3", f"1_NaN_{uuid4()}", f"-1_0_{uuid4()}"):
        assert await anna.get_status(f"/v1/chats?after={after}") == 422


async def test_at_most_ten_chats_are_pinned_in_their_order_and_own_connections_hear_of_it(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chats = [await anna.group(f"group {number}", []) for number in range(11)]
    foreign = await boris.group("Boris's own", [])
    async with anna.socket() as laptop:
        assert await pin(anna, chats[3], chats[0]) == 204
        heard = {(await laptop.until("chat.settings"))["chat"] for _ in range(2)}
        assert heard == {chats[0], chats[3]}
        assert await pin(anna, chats[0]) == 204
        moved = [await laptop.until("chat.settings") for _ in range(2)]
        assert {one["chat"]: one["d"]["mine"]["pin_place"] for one in moved} == {chats[0]: 1, chats[3]: None}
    assert (await pin(anna, *chats), await pin(anna, chats[0], chats[0])) == (422, 422)
    assert await pin(anna, chats[1], foreign) == 404
    assert (await listed(anna))[0] == chats[0], "a refused order changes nothing"


async def test_a_muted_chat_is_muted_until_its_time_or_for_ever_and_own_connections_hear_of_it(
    people: list[Client],
) -> None:
    anna, boris, _ = people
    chat = await anna.direct(boris)
    until = datetime.now(UTC) + timedelta(hours=1)
    async with anna.socket() as laptop, boris.socket() as boriss:
        mine = await settle(anna, chat, muted_until=until.isoformat())
        assert (datetime.fromisoformat(mine["muted_until"]), mine["muted_for_ever"]) == (until, False)
        assert (await laptop.until("chat.settings", chat=chat))["d"]["mine"] == mine
        abroad = until.astimezone(timezone(timedelta(hours=21, minutes=3)))  # farther than PostgreSQL knows places
        mine = await settle(anna, chat, muted_until=abroad.isoformat())
        assert datetime.fromisoformat(mine["muted_until"]) == until
        mine = await settle(anna, chat, muted_for_ever=True)
        assert (mine["muted_until"], mine["muted_for_ever"]) == (None, True)
        mine = await settle(anna, chat, archived=False)
        assert mine["muted_for_ever"], "what is not given stays"
        mine = await settle(anna, chat, muted_until=None)
        assert (mine["muted_until"], mine["muted_for_ever"]) == (None, False)
        past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        assert (await settle(anna, chat, muted_until=past))["muted_until"] is None
        await boriss.say("ping")
        await boriss.until("pong")
        assert "chat.settings" not in {frame["t"] for frame in boriss.heard}
    assert (await boris.get(f"/v1/chats/{chat}"))["mine"]["muted_for_ever"] is False


async def test_an_archived_chat_comes_back_with_a_new_message_unless_it_is_muted(people: list[Client]) -> None:
    anna, boris, _ = people
    chat = await anna.group("attic", [boris])

    async def archived() -> bool:
        return bool((await anna.get(f"/v1/chats/{chat}"))["mine"]["archived"])

    assert (await settle(anna, chat, archived=True))["archived"]
    assert await archived()
    await boris.send(chat, "hello?")
    assert not await archived()
    await settle(anna, chat, archived=True, muted_for_ever=True)
    await boris.send(chat, "hello??")
    assert await archived()
    await settle(anna, chat, archived=False)
    assert not await archived()


async def test_a_direct_chat_that_one_deletes_is_gone_for_them_until_there_is_something_new(
    people: list[Client],
) -> None:
    _, boris, clara = people
    chat = await boris.direct(clara)
    for word in ("one", "two"):
        await boris.send(chat, word)
    async with clara.socket() as laptop:
        assert (await clara.call("DELETE", f"/v1/chats/{chat}")).status_code == 204
        assert (await laptop.until("chat.cleared", chat=chat))["d"] == {"through_seq": 2}
    assert chat not in await listed(clara)
    assert (await clara.get(f"/v1/chats/{chat}"))["last_message"] is None
    assert len((await boris.get(f"/v1/chats/{chat}/messages"))["messages"]) == 2, "the other keeps it"
    await boris.send(chat, "three")
    assert chat in await listed(clara)
    seen = (await clara.get(f"/v1/chats/{chat}/messages", after=0))["messages"]
    assert [message["content"] for message in seen] == ["three"]
    assert (await clara.call("DELETE", f"/v1/chats/{chat}")).status_code == 204
    assert await clara.direct(boris) == chat
    assert chat in await listed(clara), "opening it again lists it"
    group = await boris.group("not alone", [clara])
    assert (await clara.call("DELETE", f"/v1/chats/{group}")).status_code == 422


async def test_who_is_blocked_cannot_write_and_neither_of_the_two_can_tell_who_did_it(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    chat = await anna.direct(boris)
    group = await clara.group("both", [anna, boris])
    assert (await anna.call("PUT", f"/v1/me/blocks/{boris.id}")).status_code == 204
    assert [one["full_name"] for one in await anna.get("/v1/me/blocks")] == ["Boris"]
    assert await boris.get("/v1/me/blocks") == []
    refused = [await person.send(chat, "hello") for person in (anna, boris)]
    assert {answer.status_code for answer in refused} == {403}
    assert refused[0].text == refused[1].text
    theirs, ours = [(await person.get(f"/v1/chats/{chat}")) for person in (boris, anna)]
    own = {"mine": None, "members": None}  # oneself comes first among the members
    assert {**theirs, **own} == {**ours, **own}
    assert theirs["members"] == ours["members"][::-1]
    assert (await boris.send(group, "in a group all is as before")).status_code == 201
    mine = await boris.group("mine", [anna, clara])
    members = (await boris.get(f"/v1/chats/{mine}"))["members"]
    assert {member["user_id"] for member in members} == {boris.id, clara.id}
    answer = await boris.post(f"/v1/chats/{mine}/members", {"user_ids": [anna.id]})
    assert answer.json() == {"added": [], "refused": [anna.id]}
    assert (await anna.call("DELETE", f"/v1/me/blocks/{boris.id}")).status_code == 204
    assert (await boris.send(chat, "hello again")).status_code == 201
    assert (await anna.call("PUT", f"/v1/me/blocks/{anna.id}")).status_code == 422
    assert (await anna.call("PUT", f"/v1/me/blocks/{uuid4()}")).status_code == 404


async def test_who_blocks_somebody_does_not_hear_that_they_open_a_chat(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    await anna.call("PUT", f"/v1/me/blocks/{boris.id}")
    async with anna.socket() as annas:
        answer = await boris.post("/v1/chats", {"type": "direct", "member_ids": [anna.id]})
        assert answer.status_code == 201, "it looks like any other chat"
        await annas.say("ping")
        await annas.until("pong")
        assert "chat" not in {frame["t"] for frame in annas.heard}
    assert await listed(anna) == []
    assert await anna.direct(boris) == answer.json()["id"]
    assert await listed(anna) == [answer.json()["id"]]


async def test_contacts_alone_may_add_who_says_so_and_an_opened_chat_makes_no_contact(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    assert await anna.get("/v1/me/chat-privacy") == {"who_may_add": "everyone"}
    answer = await anna.call("PUT", "/v1/me/chat-privacy", {"who_may_add": "contacts"})
    assert (answer.json(), await anna.get("/v1/me/chat-privacy")) == ({"who_may_add": "contacts"},) * 2
    direct = await boris.direct(anna)
    await boris.send(direct, "let me add you")
    group = await boris.group("strangers", [anna])

    async def add() -> list[str]:
        added = await boris.post(f"/v1/chats/{group}/members", {"user_ids": [anna.id]})
        return list(added.json()["added"])

    assert await add() == []
    await anna.send(direct, "you may")
    assert await add() == [anna.id]
    assert (await anna.call("PUT", "/v1/me/chat-privacy", {"who_may_add": "nobody"})).status_code == 422


async def test_making_groups_without_end_is_refused(people: list[Client]) -> None:
    *_, clara = people
    body = {"type": "group", "name": "x", "member_ids": []}
    answers = await asyncio.gather(*(clara.post("/v1/chats", body) for _ in range(24)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) > 0
    too_many = {"type": "group", "name": "x", "member_ids": [str(uuid4()) for _ in range(1025)]}
    assert (await clara.post("/v1/chats", too_many)).status_code == 422


async def test_no_route_tells_a_stranger_whether_a_chat_exists(people: list[Client]) -> None:
    anna, boris, clara = people
    chat = await anna.group("secret", [boris])
    invite = (await anna.post(f"/v1/chats/{chat}/invites", {})).json()["id"]
    description = (await anna.http.get("/v1/openapi.json")).json()
    bodies: dict[str, Any] = {
        "PATCH /v1/chats/{chat_id}": {"json": {"name": "x"}},
        "PATCH /v1/chats/{chat_id}/settings": {"json": {"archived": True}},
        "POST /v1/chats/{chat_id}/members": {"json": {"user_ids": [clara.id]}},
        "PUT /v1/chats/{chat_id}/members/{user_id}/role": {"json": {"role": "owner"}},
        "PUT /v1/chats/{chat_id}/picture": {"files": {"file": ("x.png", b"\x89PNG\r\n\x1a\n")}},
        "PUT /v1/chats/{chat_id}/disappearing": {"json": {"seconds": 86400}},
        "POST /v1/chats/{chat_id}/invites": {"json": {}},
    }
    walked = 0
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if "{chat_id}" not in path or not {"chats", "groups", "invites"} & set(operation["tags"]):
                continue
            for user_id in (anna.id, clara.id) if "{user_id}" in path else (anna.id,):
                answers = []
                for id_ in (chat, str(uuid4())):
                    whole = path.format(chat_id=id_, user_id=user_id, invite_id=invite)
                    more = bodies.get(f"{method.upper()} {path}", {})
                    answer = await clara.http.request(method, whole, headers=clara.auth, **more)
                    assert answer.status_code == 404, (method, path, answer.text)
                    answers.append(answer.text)
                assert len(set(answers)) == 1, (method, path)
            walked += 1
    assert walked >= 16
    assert (await anna.get(f"/v1/chats/{chat}"))["last_seq"] == 0, "nothing of it was done"


async def test_two_who_open_the_same_chat_with_a_block_between_them_find_the_same_one(
    join: Register, supabase_side: TestSide
) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    await anna.call("PUT", f"/v1/me/blocks/{boris.id}")
    assert len(set(await asyncio.gather(anna.direct(boris), boris.direct(anna)))) == 1
    async with await connect(supabase_side.owner) as connection:
        cursor = await connection.execute(
            "select count(*) from chat_participants where user_id in (%s, %s)", [anna.id, boris.id]
        )
        assert await cursor.fetchone() == (2,)


async def test_a_refused_addition_is_no_notice(people: list[Client]) -> None:
    anna, boris, clara = people
    chat = await anna.group("quiet", [boris])
    await clara.call("PUT", f"/v1/me/blocks/{anna.id}")
    answer = await anna.post(f"/v1/chats/{chat}/members", {"user_ids": [clara.id, boris.id]})
    assert answer.json() == {"added": [], "refused": [clara.id]}
    assert json.dumps((await boris.get(f"/v1/chats/{chat}/messages"))["messages"]) == "[]"
