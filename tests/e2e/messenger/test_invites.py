"""Links into groups: what they tell, how often and how long they work."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def http(supabase_side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(supabase_side, token_key=token_key)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def people(http: httpx.AsyncClient) -> list[Client]:
    return [await register(http, name) for name in ("Anna", "Boris", "Clara", "Dmitri")]


async def invite(person: Client, chat: str, **limits: Any) -> str:
    answer = await person.post(f"/v1/chats/{chat}/invites", limits)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def join_by(person: Client, token: str) -> httpx.Response:
    return await person.post(f"/v1/invites/{token}/join", None)


async def test_a_link_tells_of_the_group_but_not_who_is_in_it_and_lets_people_in(people: list[Client]) -> None:
    anna, boris, clara, _ = people
    chat = await anna.group("garden", [boris])
    await anna.send(chat, "before")
    token = await invite(anna, chat)
    preview = await clara.get(f"/v1/invites/{token}")
    assert preview == {"name": "garden", "avatar_url": None, "member_count": 2, "chat_id": None}
    async with clara.socket() as claras, boris.socket() as boriss:
        joined = (await join_by(clara, token)).json()
        assert (joined["id"], joined["mine"]["role"], joined["member_count"]) == (chat, "member", 3)
        await claras.until("chat", chat=chat)
        notice = await claras.until("msg", chat=chat)
        assert await boriss.until("msg", seq=notice["seq"]) == notice
    seen = (await clara.get(f"/v1/chats/{chat}/messages", after=0))["messages"]
    assert [message["seq"] for message in seen] == [2]
    assert (await join_by(clara, token)).status_code == 200
    assert (await clara.get(f"/v1/invites/{token}"))["chat_id"] == chat
    assert (await anna.get(f"/v1/chats/{chat}"))["last_seq"] == 2, "joining again is no event"
    assert [one["uses"] for one in await anna.get(f"/v1/chats/{chat}/invites")] == [1]


async def test_a_link_stops_working_when_used_up_too_old_revoked_or_the_group_is_empty(
    people: list[Client], supabase_side: TestSide
) -> None:
    anna, boris, clara, dmitri = people
    chat = await anna.group("ends", [])
    once, old, revoked = await invite(anna, chat, max_uses=1), await invite(anna, chat), await invite(anna, chat)
    assert (await join_by(boris, once)).status_code == 200
    async with await connect(supabase_side.owner) as connection:
        await connection.execute("update chat_invites set expires_at = now() where token = %s", [old])
    by_token = {one["token"]: one["id"] for one in await anna.get(f"/v1/chats/{chat}/invites")}
    path = f"/v1/chats/{chat}/invites/{by_token[revoked]}"
    assert (await boris.call("DELETE", path)).status_code == 403
    assert (await anna.call("DELETE", path)).status_code == 204
    assert (await anna.call("DELETE", path)).status_code == 204
    alike = set()
    for token in (once, old, revoked, "A" * 22):
        preview, joined = await clara.call("GET", f"/v1/invites/{token}"), await join_by(clara, token)
        assert (preview.status_code, joined.status_code) == (404, 404)
        alike |= {preview.text, joined.text}
    assert len(alike) == 1, "nobody can tell why a link does not work"
    last = await invite(anna, chat)
    for person in (anna, boris):
        await person.call("DELETE", f"/v1/chats/{chat}/members/{person.id}")
    assert (await join_by(dmitri, last)).status_code == 404


async def test_a_link_has_limits_that_make_sense_and_a_group_not_too_many_of_them(
    people: list[Client], supabase_side: TestSide
) -> None:
    anna, boris, *_ = people
    chat = await anna.group("limits", [boris])
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    for limits in (
        {"expires_at": past},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"max_uses": 0},
    ):
        assert (await anna.post(f"/v1/chats/{chat}/invites", limits)).status_code == 422
    assert (await boris.post(f"/v1/chats/{chat}/invites", {})).status_code == 403
    direct = await anna.direct(boris)
    assert (await anna.post(f"/v1/chats/{direct}/invites", {})).status_code == 422
    async with await connect(supabase_side.owner) as connection:
        await connection.execute(
            "insert into chat_invites (id, chat_id, token)"
            " select gen_random_uuid(), %s, gen_random_uuid()::text from generate_series(1, 50)",
            [chat],
        )
    assert (await anna.post(f"/v1/chats/{chat}/invites", {})).status_code == 409


async def test_whoever_tries_links_is_slowed(people: list[Client]) -> None:
    *_, dmitri = people
    answers = await asyncio.gather(*(dmitri.call("GET", f"/v1/invites/{'x' * 22}") for _ in range(70)))
    assert {answer.status_code for answer in answers} == {404, 429}
    assert {int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429} == {True}
