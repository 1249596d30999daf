"""Who is here, and what was read: told to whom it may be told, and no more often than it may."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest_asyncio

from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Database, connect
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.postman import Event
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.realtime.connections import Connections
from cyphr.messenger.sessions.models import Identity
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, Socket, register
from tests.e2e.messenger.conftest import serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def server(supabase_side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(supabase_side, token_key=token_key, presence_relay_seconds=0.4)) as client:
        yield client


async def show(person: Client, **wanted: Any) -> None:
    response = await person.http.put("/v1/me/privacy", json=wanted, headers=person.auth)
    assert response.status_code == 200, response.text


async def told(socket: Socket, chat: str, person: Client, *, online: bool) -> dict[str, Any]:
    """The next that this connection hears of this person, if it is this."""
    while True:
        event = await socket.until("presence", chat=chat)
        for one in event["d"]["people"]:
            if one["user_id"] == person.id and one["online"] is online:
                return dict(one)


async def asked(socket: Socket) -> None:
    """Everything that was said before is handled, as far as it is answered at once."""
    await socket.say("ping")
    await socket.until("pong")


async def seen_in_database(side: TestSide, person: Client) -> tuple[Any, ...]:
    async with await connect(side.superuser) as connection:
        cursor = await connection.execute("select is_online, last_seen from users where id = %s", [person.id])
        row = await cursor.fetchone()
        assert row is not None
        return row


async def test_an_open_chat_tells_who_is_here_and_who_comes_and_goes(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    chat = await anna.direct(boris)
    async with anna.socket() as socket:
        await socket.say("open", chat=chat)
        away = await told(socket, chat, boris, online=False)
        assert away["last_seen"] is not None
        async with boris.socket():
            assert await told(socket, chat, boris, online=True) == {
                "user_id": boris.id,
                "online": True,
                "last_seen": None,
            }
            (now,) = await anna.get(f"/v1/chats/{chat}/presence")
            assert now["online"] is True
        left = await told(socket, chat, boris, online=False)
        assert left["last_seen"] > away["last_seen"]


async def test_a_chat_that_is_not_open_hears_nothing(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    chat, other = await anna.direct(boris), await anna.group("other", [boris])
    async with anna.socket() as closed, anna.socket() as watching:
        await closed.say("open", chat=chat)
        await told(closed, chat, boris, online=False)
        await closed.say("close", chat=chat)
        await asked(closed)
        await watching.say("open", chat=other)
        async with boris.socket():
            await told(watching, other, boris, online=True)
        await told(watching, other, boris, online=False)
        await asked(closed)
        assert len([frame for frame in closed.heard if frame["t"] == "presence"]) == 1
        assert {frame["chat"] for frame in watching.heard if frame["t"] == "presence"} == {other}


async def test_who_was_back_at_once_was_never_gone(supabase_side: TestSide, token_key: Path) -> None:
    # An eighth of a minute is longer than a reconnect takes on any machine.
    async with serve(settings_for(supabase_side, token_key=token_key, presence_relay_seconds=60)) as http:
        anna, boris = await register(http, "Anna"), await register(http, "Boris")
        chat = await anna.direct(boris)
        async with anna.socket() as socket:
            async with boris.socket():
                await socket.say("open", chat=chat)
                await told(socket, chat, boris, online=True)
            async with boris.socket():
                await asked(socket)
                (now,) = await anna.get(f"/v1/chats/{chat}/presence")
                assert now["online"] is True
        assert len([frame for frame in socket.heard if frame["t"] == "presence"]) == 1


@dataclass
class Watcher:
    """An open chat that remembers when it was told what."""

    identity: Identity
    id: UUID = field(default_factory=uuid4)
    told: list[tuple[float, bool]] = field(default_factory=list)

    def push(self, event: Event) -> None:
        self.told += [(monotonic(), one["online"]) for one in json.loads(event.text)["d"]["people"]]


class Elsewhere:
    """Where nobody is but who is put there."""

    def __init__(self) -> None:
        self.people: set[UUID] = set()

    async def who_is_connected(self, people: Iterable[UUID]) -> frozenset[UUID]:
        return frozenset(people) & self.people


async def test_who_comes_and_goes_on_another_server_is_told_of_once_in_a_while_and_then_as_they_are(
    server: httpx.AsyncClient, supabase_side: TestSide
) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    chat = UUID(await anna.direct(boris))
    database = Database(supabase_side.side, supabase_side.app, pool_size=1)
    switchboard, elsewhere = Switchboard({database.side: database}), Elsewhere()
    presence = Presence(switchboard, Connections(), elsewhere, relay_seconds=0.4)
    watcher = Watcher(Identity(user_id=UUID(anna.id), session_id=uuid4()))
    await switchboard.open()
    rounds = asyncio.create_task(presence.run())
    try:
        await presence.open(watcher, chat)
        async with asyncio.timeout(30):
            while len(watcher.told) < 5:
                elsewhere.people ^= {UUID(boris.id)}
                await asyncio.sleep(0.03)
    finally:
        rounds.cancel()
        await switchboard.close()
    # The first is what was found at the opening; what comes after it is news, and waits for nothing.
    times, states = [at for at, _ in watcher.told][1:], [online for _, online in watcher.told]
    assert states == [False, True, False, True, False]
    assert all(later - earlier > 0.3 for earlier, later in itertools.pairwise(times))


async def test_who_hides_when_they_are_here_is_not_told_and_not_told_of(server: httpx.AsyncClient) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris, clara])
    await show(boris, last_seen="nobody")
    assert (await boris.get("/v1/me/privacy"))["last_seen"] == "nobody"
    async with anna.socket() as annas, boris.socket() as boriss:
        await annas.say("open", chat=chat)
        await told(annas, chat, clara, online=False)
        await boriss.say("open", chat=chat)
        async with clara.socket():
            await told(annas, chat, clara, online=True)
        await asked(boriss)
        assert not [frame for frame in boriss.heard if frame["t"] == "presence"]
        people = [one["user_id"] for frame in annas.heard if frame["t"] == "presence" for one in frame["d"]["people"]]
        assert set(people) == {clara.id}
    assert await boris.get(f"/v1/chats/{chat}/presence") == []


async def test_who_hides_while_they_are_watched_is_told_of_no_more(server: httpx.AsyncClient) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris, clara])
    async with anna.socket() as socket:
        await socket.say("open", chat=chat)
        await told(socket, chat, boris, online=False)
        await show(boris, last_seen="nobody")
        async with boris.socket(), clara.socket():
            await told(socket, chat, clara, online=True)
        await told(socket, chat, clara, online=False)
    heard = [one for frame in socket.heard if frame["t"] == "presence" for one in frame["d"]["people"]]
    assert [one["online"] for one in heard if one["user_id"] == boris.id] == [False]


async def test_a_stranger_opens_nothing_and_only_a_few_chats_are_open_at_once(server: httpx.AsyncClient) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    chats = [await anna.group(f"group {number}", [boris]) for number in range(5)]
    async with clara.socket() as socket:
        for chat in (chats[0], str(uuid4())):
            await socket.say("open", chat=chat)
            assert (await socket.until("error"))["d"]["code"] == "not_found"
            stranger = await clara.http.get(f"/v1/chats/{chat}/presence", headers=clara.auth)
            assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    async with anna.socket() as socket:
        for chat in chats[:4]:
            await socket.say("open", chat=chat)
            await told(socket, chat, boris, online=False)
        await socket.say("open", chat=chats[4])
        assert (await socket.until("error"))["d"] | {"message": ""} == {
            "code": "rate_limited",
            "message": "",
            "retryable": True,
        }
        await socket.say("close", chat=chats[0])
        await socket.say("open", chat=chats[4])
        await told(socket, chats[4], boris, online=False)


async def test_the_old_servers_columns_say_who_is_here(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    anna = await register(server)
    before = (await seen_in_database(supabase_side, anna))[1]
    async with asyncio.timeout(30):
        async with anna.socket():
            while not (await seen_in_database(supabase_side, anna))[0]:
                await asyncio.sleep(0.05)
        while (await seen_in_database(supabase_side, anna))[0]:
            await asyncio.sleep(0.05)
    assert (await seen_in_database(supabase_side, anna))[1] > before


async def test_a_server_that_stops_leaves_nobody_online(supabase_side: TestSide, token_key: Path) -> None:
    async with serve(settings_for(supabase_side, token_key=token_key, presence_relay_seconds=1)) as http:
        anna = await register(http)
        async with asyncio.timeout(30), anna.socket():
            while not (await seen_in_database(supabase_side, anna))[0]:
                await asyncio.sleep(0.05)
    assert (await seen_in_database(supabase_side, anna))[0] is False


async def read_mark(reader: Client, chat: str, person: Client) -> tuple[int, int]:
    listed = next(one for one in await reader.get("/v1/chats") if one["id"] == chat)
    member = next(one for one in listed["members"] if one["user_id"] == person.id)
    return member["received_seq"], member["read_seq"]


async def test_who_hides_what_they_read_shows_it_as_received_and_does_not_see_it_of_others(
    server: httpx.AsyncClient,
) -> None:
    anna, boris, clara = [await register(server, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris, clara])
    await show(boris, read_receipts=False)
    await anna.send(chat, "hello")
    async with anna.socket() as annas, boris.socket() as boriss, boris.socket() as other, clara.socket() as claras:
        await boriss.say("read", chat=chat, d={"seq": 1})
        shown = {"user_id": boris.id, "received_seq": 1, "read_seq": 0}
        assert (await annas.until("receipt"))["d"] == shown
        assert (await other.until("receipt"))["d"] == shown | {"read_seq": 1}, "one's own devices know"
        await claras.say("read", chat=chat, d={"seq": 1})
        seen = {"user_id": clara.id, "received_seq": 1, "read_seq": 1}
        assert (await annas.until("receipt"))["d"] == seen
        assert (await other.until("receipt"))["d"] == seen | {"read_seq": 0}
    marks = [await read_mark(reader, chat, person) for reader in (anna, boris) for person in (boris, clara)]
    assert marks == [(1, 0), (1, 1), (1, 1), (1, 0)]


async def test_what_a_person_sets_on_one_device_is_told_to_their_others(server: httpx.AsyncClient) -> None:
    anna, boris = await register(server, "Anna"), await register(server, "Boris")
    await anna.direct(boris)
    async with anna.socket() as annas, boris.socket() as boriss:
        await show(anna, picture="contacts")
        privacy = {"last_seen": "everyone", "picture": "contacts", "read_receipts": True}
        assert (await annas.until("me.settings"))["d"] == {"privacy": privacy}
        await anna.http.put("/v1/me/notifications", json={"preview": "name"}, headers=anna.auth)
        assert (await annas.until("me.settings"))["d"]["notifications"]["preview"] == "name"
        await asked(boriss)
        assert not [frame for frame in boriss.heard if frame["t"] == "me.settings"]


async def test_a_picture_is_shown_to_whom_its_owner_wants(server: httpx.AsyncClient, supabase_side: TestSide) -> None:
    cyphr_id = f"@{uuid4().hex[:12]}"
    anna, boris, clara = (
        await register(server, "Anna", cyphr_id=cyphr_id),
        await register(server),
        await register(server),
    )
    await anna.direct(boris)
    async with await connect(supabase_side.owner) as connection:
        await connection.execute("update users set avatar_url = 'picture' where id = %s", [anna.id])

    async def pictures() -> list[str | None]:
        members = (await boris.get("/v1/chats"))[0]["members"]
        in_chat = next(one["avatar_url"] for one in members if one["user_id"] == anna.id)
        response = await clara.http.get("/v1/people", params={"cyphr_id": cyphr_id}, headers=clara.auth)
        assert response.status_code == 200, response.text
        return [in_chat, response.json()["avatar_url"], (await anna.get("/v1/me"))["avatar_url"]]

    assert await pictures() == ["picture", "picture", "picture"]
    await show(anna, picture="contacts")
    assert await pictures() == ["picture", None, "picture"]
    await show(anna, picture="nobody")
    assert await pictures() == [None, None, "picture"]
