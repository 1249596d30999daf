"""What must hold when people change a group at the same moment, or send to it while somebody is taken out."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.foundation.postgres import Database, Transaction, connect
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.changes import Changes, Crossing, ask
from cyphr.messenger.messages.models import SendBody
from cyphr.messenger.messages.postman import Event, EventKind
from cyphr.messenger.messages.service import Messages
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def http(aws_side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(aws_side, token_key=token_key)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def database(aws_side: TestSide) -> AsyncIterator[Database]:
    """The database as several servers use it: nothing but its locks keeps their transactions apart."""
    database = Database(aws_side.side, aws_side.app, pool_size=8)
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def owner(aws_side: TestSide) -> AsyncIterator[AsyncConnection]:
    async with await connect(aws_side.owner) as connection:
        yield connection


async def new_group(owner: AsyncConnection, count: int) -> tuple[UUID, list[UUID]]:
    """A group and its members, the first of whom owns it."""
    chat, people = uuid4(), [uuid4() for _ in range(count)]
    async with owner.cursor() as cursor:
        await cursor.executemany("insert into users (id, full_name) values (%s, 'x')", [[one] for one in people])
        await cursor.execute("insert into chats (id, type, name) values (%s, 'group', 'x')", [chat])
        await cursor.executemany(
            "insert into chat_participants (chat_id, user_id, role) values (%s, %s, %s)",
            [[chat, one, "owner" if number == 0 else "member"] for number, one in enumerate(people)],
        )
    return chat, people


async def call(transaction: Transaction, function: str, *arguments: Any) -> tuple[Any, ...] | None:
    query: Any = f"select * from private.{function}({', '.join(['%s'] * len(arguments))})"
    cursor = await transaction.connection.execute(query, arguments)
    return await cursor.fetchone()


async def insert_message(connection: AsyncConnection, chat: UUID, sender: UUID) -> None:
    """As the server before this one does."""
    await connection.execute(
        "insert into messages (chat_id, sender_id, content) values (%s, %s, 'in flight')", [chat, sender]
    )


async def until_waiting(owner: AsyncConnection) -> None:
    """Until some transaction of this database waits for another one's lock."""
    while True:
        cursor = await owner.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        if (await cursor.fetchone()) != (0,):
            return
        await asyncio.sleep(0.01)


async def test_a_message_whose_transaction_came_first_stands_before_the_removal_of_its_sender(
    database: Database, owner: AsyncConnection
) -> None:
    chat, (anna, boris) = await new_group(owner, 2)

    async def remove() -> tuple[Any, ...] | None:
        async with database.transaction_as(anna) as transaction:
            return await call(transaction, "remove_member", chat, boris, False)

    async with database.transaction_as(boris) as sending:
        await insert_message(sending.connection, chat, boris)
        removing = asyncio.create_task(remove())
        await until_waiting(owner)
    removed = await removing
    assert removed is not None
    assert (removed[0], removed[2]["seq"], removed[3]) == ("done", 2, [anna])
    assert await places(owner, chat) == [(1, boris), (2, anna)]


async def test_a_message_that_waits_behind_the_removal_of_its_sender_is_not_stored(
    http: httpx.AsyncClient, database: Database, owner: AsyncConnection
) -> None:
    anna, boris, clara = [await register(http, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("waiting", [boris, clara])
    async with boris.socket() as boriss, clara.socket() as claras:
        async with database.transaction_as(UUID(anna.id)) as removing:
            await call(removing, "remove_member", chat, boris.id, False)
            of_boris = await boriss.send(chat, "in flight")
            of_clara = await claras.send(chat, "in flight too")
            await until_waiting(owner)
        assert (await boriss.until("error", id=of_boris))["d"]["code"] == "not_found"
        await claras.until("ack", id=of_clara)
        await boriss.say("ping")
        await boriss.until("pong")
        assert not boriss.messages(), "nobody is told of a message who was taken out before it was stored"
    assert await places(owner, chat) == [(1, UUID(anna.id)), (2, UUID(clara.id))]


class SlowPostman:
    """Delivers nothing before it may, and notes what it was given."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may = asyncio.Event()
        self.given: list[tuple[EventKind, int, set[UUID]]] = []

    async def deliver(self, recipients: Collection[UUID], event: Event, *, except_for: UUID | None = None) -> None:
        self.asked.set()
        await self.may.wait()
        self.given.append((event.kind, event.seq, set(recipients)))


async def test_a_change_is_not_made_before_what_was_stored_in_the_chat_has_been_told(
    database: Database, owner: AsyncConnection
) -> None:
    chat, (anna, boris) = await new_group(owner, 2)
    postman = SlowPostman()
    switchboard = Switchboard({database.side: database})
    messages = Messages(switchboard, postman)
    sending = asyncio.create_task(messages.send(boris, chat, uuid4(), SendBody(content="first")))
    await postman.asked.wait()
    leaving = ask("select * from private.leave_group(%(chat_id)s)", chat_id=chat)
    changing = asyncio.create_task(Changes(switchboard, messages, postman).make(boris, chat, leaving, Crossing.OUT))
    later = asyncio.create_task(messages.send(anna, chat, uuid4(), SendBody(content="last")))
    # Longer than the change would take if it did not wait for its turn.
    done, _ = await asyncio.wait([changing, later], timeout=0.2)
    assert not done
    assert await places(owner, chat) == [(1, boris)]
    postman.may.set()
    await asyncio.gather(sending, changing, later)
    assert postman.given == [
        (EventKind.MESSAGE, 1, {anna, boris}),
        (EventKind.MESSAGE, 2, {anna}),
        (EventKind.LEFT, 0, {boris}),
        (EventKind.MESSAGE, 3, {anna}),
    ]


async def places(owner: AsyncConnection, chat: UUID | str) -> list[tuple[Any, ...]]:
    cursor = await owner.execute("select seq, sender_id from messages where chat_id = %s order by seq", [chat])
    return await cursor.fetchall()


async def test_the_last_place_of_a_group_and_of_a_link_is_taken_once(
    database: Database, owner: AsyncConnection
) -> None:
    chat, (anna, *_) = await new_group(owner, 1022)
    _, strangers = await new_group(owner, 6)
    await owner.execute(
        "insert into chat_invites (id, chat_id, token, max_uses) values (gen_random_uuid(), %s, %s, 1)",
        [chat, str(chat)],
    )

    async def join(person: UUID) -> str:
        async with database.transaction_as(person) as transaction:
            joined = await call(transaction, "join_by_invite", str(chat))
            assert joined is not None
            return str(joined[0])

    async def add(person: UUID) -> str:
        async with database.transaction_as(anna) as transaction:
            added = await call(transaction, "add_members", chat, [person])
            assert added is not None
            return str(added[0])

    outcomes = await asyncio.gather(*(join(one) for one in strangers[:3]))
    assert sorted(outcomes) == ["dead_link", "dead_link", "done"]
    assert sorted(await asyncio.gather(*(add(one) for one in strangers[3:]))) == ["done", "full", "full"]


async def test_whatever_people_do_at_once_a_group_has_one_owner_and_nobody_who_is_banned(
    database: Database, owner: AsyncConnection
) -> None:
    dice = random.Random(7)
    chat, people = await new_group(owner, 6)
    await owner.execute(
        "insert into chat_invites (id, chat_id, token) values (gen_random_uuid(), %s, %s)", [chat, str(chat)]
    )
    done: set[str] = set()

    async def act() -> None:
        me, other = dice.sample(people, 2)
        function, arguments = dice.choice(
            [
                ("add_members", (chat, [other])),
                ("remove_member", (chat, other, False)),
                ("remove_member", (chat, other, True)),
                ("lift_ban", (chat, other)),
                ("leave_group", (chat,)),
                ("join_by_invite", (str(chat),)),
                ("join_by_invite", (str(chat),)),
                ("set_role", (chat, other, "owner")),
                ("set_role", (chat, other, "admin")),
                ("set_role", (chat, other, "member")),
            ]
        )
        async with database.transaction_as(me) as transaction:
            answer = await call(transaction, function, *arguments)
        assert answer is not None
        if answer[0] == "done":
            done.add(function)

    async def send() -> None:
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            async with database.transaction_as(me := dice.choice(people)) as transaction:
                await insert_message(transaction.connection, chat, me)

    for _ in range(60):
        await asyncio.gather(*(act() for _ in range(7)), send())
        cursor = await owner.execute(
            "select count(*), count(*) filter (where role = 'owner'),"
            " count(*) filter (where exists (select from chat_bans ban where ban.chat_id = member.chat_id"
            "                                and ban.user_id = member.user_id))"
            " from chat_participants member where chat_id = %s and left_at is null",
            [chat],
        )
        row = await cursor.fetchone()
        assert row is not None
        assert row[1:] == (min(row[0], 1), 0)
        if row[0] == 0:  # everybody has left: somebody must begin again
            await owner.execute("update chat_participants set left_at = null where chat_id = %s", [chat])
            await owner.execute("delete from chat_bans where chat_id = %s", [chat])
            await owner.execute(
                "update chat_participants set role = case user_id when %s then 'owner' else 'member' end"
                " where chat_id = %s",
                [people[0], chat],
            )
    cursor = await owner.execute("select array_agg(seq order by seq) from messages where chat_id = %s", [chat])
    numbers = await cursor.fetchone()
    assert numbers is not None
    assert numbers[0] == list(range(1, len(numbers[0]) + 1))
    assert done == {"add_members", "remove_member", "lift_ban", "leave_group", "join_by_invite", "set_role"}


async def test_who_is_taken_out_while_everybody_talks_hears_everything_before_it_and_nothing_after(
    http: httpx.AsyncClient,
) -> None:
    anna, boris, clara = [await register(http, name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("busy", [boris, clara])
    for round_ in range(8):
        head = (await anna.get(f"/v1/chats/{chat}"))["last_seq"]
        async with boris.socket({chat: head}) as boriss:
            talking = [
                asyncio.create_task(_talk(person, chat, busy))
                for person, busy in ((anna, _say), (clara, _say), (clara, _read), (anna, _type))
            ]
            await boriss.until("msg", chat=chat)
            removed = await anna.call("DELETE", f"/v1/chats/{chat}/members/{boris.id}")
            assert removed.status_code == 204
            left = await boriss.until("chat.left", chat=chat)
            await asyncio.gather(*talking)
            await boriss.say("ping")
            await boriss.until("pong")
        of_chat = [frame for frame in boriss.heard if frame.get("chat") == chat]
        assert of_chat[-1] == left, f"round {round_}: {of_chat[-3:]}"
        heard = [frame["seq"] for frame in of_chat if frame["t"] == "msg"]
        assert heard == list(range(head + 1, left["seq"])), "all of it, in order, up to the notice of the removal"
        answer = await anna.post(f"/v1/chats/{chat}/members", {"user_ids": [boris.id]})
        assert answer.json()["added"] == [boris.id]
    history = (await clara.get(f"/v1/chats/{chat}/messages", after=0, limit=200))["messages"]
    assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
    events = [json.loads(one["content"])["event"] for one in history if one["message_type"] == "notice"]
    assert events == ["member_removed", "member_added"] * 8


async def _talk(person: Client, chat: str, say: Callable[[Any, str], Awaitable[None]]) -> None:
    async with person.socket({chat: 2**40}) as socket:
        for _ in range(5):
            await say(socket, chat)


async def _say(socket: Any, chat: str) -> None:
    client_id = await socket.send(chat, "hello")
    await socket.until("ack", id=client_id)


async def _read(socket: Any, chat: str) -> None:
    event = await socket.until("msg", chat=chat)
    await socket.say("read", chat=chat, d={"seq": event["seq"]})


async def _type(socket: Any, chat: str) -> None:
    await socket.say("typing", chat=chat)
    await socket.say("ping")
    await socket.until("pong")
