"""Storing while membership changes: who is judged, is judged under the chat's lock, in either order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Database, connect, uuid_array, uuids_of
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from tests.conftest import TestSide

MESSAGES = load_queries("cyphr.messenger.messages")

REST = ("reply_to_ids", "mentions", "formatting", "forwarded_from")
ANNA, BORIS = uuid4(), uuid4()
# In the order in which they are locked.
FIRST, SECOND = sorted((uuid4(), uuid4()), key=str)


@pytest_asyncio.fixture
async def owner(side: TestSide) -> AsyncIterator[AsyncConnection[Any]]:
    """Two chats: Anna is in both, Boris in the first."""
    async with await connect(side.owner) as connection:
        await connection.execute("insert into users (id, full_name) values (%s, 'Anna'), (%s, 'Boris')", [ANNA, BORIS])
        for chat, people in ((FIRST, (ANNA, BORIS)), (SECOND, (ANNA,))):
            await connection.execute("insert into chats (id, type) values (%s, 'group')", [chat])
            for person in people:
                await connection.execute(
                    "insert into chat_participants (chat_id, user_id) values (%s, %s)", [chat, person]
                )
        yield connection


async def store(side: TestSide, *messages: tuple[UUID, UUID]) -> list[tuple[int, int | None, str | None]]:
    """Store (chat, sender)s in one batch: place, seq and refusal of each."""
    async with await connect(side.app) as connection:
        cursor = await connection.execute(MESSAGES.store_messages, columns(*messages))
        return [(row[0], row[3], row[7]) for row in await cursor.fetchall()]


def columns(*messages: tuple[UUID, UUID]) -> dict[str, Any]:
    return {
        "chat_ids": uuid_array(chat for chat, _ in messages),
        "sender_ids": uuid_array(sender for _, sender in messages),
        "client_ids": uuid_array(uuid4() for _ in messages),
        "message_ids": uuid_array(uuid4() for _ in messages),
        "contents": ["hello"] * len(messages),
        **{column: [] for column in REST},
    }


@asynccontextmanager
async def switchboard(*sides: TestSide) -> AsyncIterator[Switchboard]:
    """What a server uses; the first side is the one that it believes in."""
    opened = Switchboard({one.side: Database(one.side, one.app, pool_size=2) for one in sides})
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def somebody_waits(side: TestSide) -> None:
    async with await connect(side.superuser) as connection:
        while True:
            cursor = await connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            if (await cursor.fetchone() or (0,))[0] > 0:
                return
            await asyncio.sleep(0.01)


async def test_who_is_removed_while_their_message_waits_for_the_lock_is_refused(
    side: TestSide, owner: AsyncConnection[Any]
) -> None:
    async with owner.transaction():
        await owner.execute("select from chats where id = %s for update", [FIRST])
        storing = asyncio.create_task(store(side, (FIRST, BORIS), (SECOND, ANNA), (FIRST, ANNA)))
        await somebody_waits(side)
        await owner.execute(
            "update chat_participants set left_at = now() where chat_id = %s and user_id = %s", [FIRST, BORIS]
        )
    assert await storing == [(2, 1, None), (3, 1, None)]


async def test_who_becomes_a_member_while_a_batch_waits_is_not_stored_into_a_chat_that_is_not_locked(
    side: TestSide, owner: AsyncConnection[Any]
) -> None:
    async with owner.transaction():
        await owner.execute("select from chats where id = %s for update", [FIRST])
        storing = asyncio.create_task(store(side, (FIRST, BORIS), (SECOND, BORIS)))
        await somebody_waits(side)
        async with await connect(side.owner) as another:
            await another.execute("insert into chat_participants (chat_id, user_id) values (%s, %s)", [SECOND, BORIS])
    assert await storing == [(1, 1, None)]
    assert await store(side, (SECOND, BORIS)) == [(1, 1, None)]


async def test_a_stranger_does_not_wait_for_a_chat_and_nobody_waits_for_a_stranger(
    side: TestSide, owner: AsyncConnection[Any]
) -> None:
    async with owner.transaction():
        await owner.execute("select from chats where id = %s for update", [SECOND])
        assert await store(side, (SECOND, BORIS), (FIRST, BORIS)) == [(2, 1, None)]


@pytest.mark.parametrize("count", [1, 2, 100])
async def test_numbers_follow_the_order_of_the_batch_in_each_chat(
    side: TestSide, owner: AsyncConnection[Any], count: int
) -> None:
    batch = [(FIRST, BORIS), (SECOND, ANNA)] * count
    stored = await store(side, *batch)
    assert stored == [(place + 1, place // 2 + 1, None) for place in range(2 * count)]
    cursor = await owner.execute(
        "select bool_and(created_at > before) from (select created_at, lag(created_at)"
        " over (partition by chat_id order by seq) as before from messages) each"
    )
    assert await cursor.fetchone() in {(True,), (None,)}


async def test_what_comes_where_the_authority_is_not_is_stored_where_it_is(supabase: TestSide, aws: TestSide) -> None:
    for one in (supabase, aws):
        async with await connect(one.owner) as connection:
            await connection.execute("insert into users (id, full_name) values (%s, 'Anna')", [ANNA])
            await connection.execute("insert into chats (id, type) values (%s, 'group')", [FIRST])
            await connection.execute("insert into chat_participants (chat_id, user_id) values (%s, %s)", [FIRST, ANNA])
    async with await connect(supabase.owner) as connection:
        await connection.execute("update cyphr.switchboard set side = 'aws' where service = 'database'")
    async with switchboard(supabase, aws) as both:
        assert [row[3] for row in await both.call(MESSAGES.store_messages, **columns((FIRST, ANNA)))] == [1]
    async with switchboard(supabase) as old:
        with pytest.raises(Unavailable, match="has moved to aws"):
            await old.call(MESSAGES.store_messages, **columns((FIRST, ANNA)))
    stored = []
    for one in (supabase, aws):
        async with await connect(one.owner) as connection:
            stored.append(await (await connection.execute("select count(*) from messages")).fetchone())
    assert stored == [(0,), (1,)]


async def test_a_batch_whose_connection_is_cut_is_stored_once_and_answered(
    side: TestSide, owner: AsyncConnection[Any]
) -> None:
    async with switchboard(side) as own:
        async with owner.transaction():
            await owner.execute("select from chats where id = %s for update", [FIRST])
            storing = asyncio.create_task(own.call(MESSAGES.store_messages, **columns((FIRST, ANNA), (FIRST, BORIS))))
            await somebody_waits(side)
            async with await connect(side.superuser) as connection:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and wait_event_type = 'Lock'"
                )
        assert [row[3] for row in await storing] == [1, 2]
    assert await (await owner.execute("select count(*), max(seq) from messages")).fetchone() == (2, 2)


async def test_the_members_of_each_chat_come_with_its_first_message(
    side: TestSide, owner: AsyncConnection[Any]
) -> None:
    await owner.execute(
        "insert into chat_participants (chat_id, user_id, left_at) values (%s, %s, now())", [SECOND, BORIS]
    )
    async with await connect(side.app) as connection:
        batch = columns((FIRST, ANNA), (FIRST, BORIS), (SECOND, ANNA))
        rows = await (await connection.execute(MESSAGES.store_messages, batch)).fetchall()
    members = [None if row[8] is None else set(uuids_of(row[8])) for row in rows]
    assert members == [{ANNA, BORIS}, None, {ANNA}]
