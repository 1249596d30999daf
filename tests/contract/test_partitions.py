"""Messages can be partitioned by time: the same functions, view and queries run on a table that is."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries, read_sql
from tests.conftest import TestSide
from tests.contract.test_row_level_security import ANNA, CHAT, MESSAGE

MESSAGES = load_queries("cyphr.messenger.messages")
SEARCH = load_queries("cyphr.messenger.search")


def id_of(moment: datetime, number: int) -> UUID:
    """A UUID of version 7 of that moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | number)


JANUARY = [id_of(datetime(2026, 1, day, tzinfo=UTC), day) for day in (1, 31)]
FEBRUARY = [id_of(datetime(2026, 2, day, tzinfo=UTC), day) for day in (1, 28)]


@pytest_asyncio.fixture
async def anna(aws: TestSide) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
    """Anna, acting in a database whose messages are partitioned."""
    here = Path(__file__)
    async with await connect(aws.superuser) as connection:
        await connection.execute(here.with_name("row_level_security.sql").read_text())
        await connection.execute("delete from hidden_messages")
    async with await connect(aws.owner) as connection:
        await connection.execute(here.with_name("partitioned_messages.sql").read_text())
        await connection.execute(read_sql("cyphr.schema", "private_messages.sql"))
        await connection.execute(read_sql("cyphr.schema.policies", "messages.sql"))
    async with await connect(aws.app, row_factory=dict_row) as connection:
        claims = json.dumps({"role": "authenticated", "sub": ANNA})
        await connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
        yield connection


async def rows(connection: AsyncConnection[Any], query: LiteralString, **parameters: Any) -> list[dict[str, Any]]:
    cursor = await connection.execute(query, parameters)
    found: list[dict[str, Any]] = await cursor.fetchall()
    return found


async def store(anna: AsyncConnection[Any], ids: list[UUID], client_ids: list[UUID]) -> list[dict[str, Any]]:
    return await rows(
        anna,
        MESSAGES.store_messages,
        chat_ids=[CHAT] * len(ids),
        sender_ids=[ANNA] * len(ids),
        client_ids=client_ids,
        message_ids=ids,
        contents=[f"hello {number}" for number in range(len(ids))],
        **{name: [None] * len(ids) for name in ("reply_to_ids", "mentions", "formatting", "forwarded_from")},
    )


async def test_the_messenger_works_on_messages_that_are_partitioned_by_month(
    anna: AsyncConnection[dict[str, Any]],
) -> None:
    ids, client_ids = JANUARY + FEBRUARY, [uuid4() for _ in range(4)]
    assert [one["seq"] for one in await store(anna, ids, client_ids)] == [2, 3, 4, 5]
    assert [one["repeated"] for one in await store(anna, ids, client_ids)] == [True] * 4
    places = await rows(anna, "select id, tableoid::regclass::text as place from messages order by seq")
    assert [one["place"] for one in places] == [
        "messages_before",
        *["messages_2026_01"] * 2,
        *["messages_2026_02"] * 2,
    ]
    edit = {"chat_id": CHAT, "content": "better", "formatting": None, "mentions": None}
    (edited,) = await rows(anna, MESSAGES.edit_message, message_id=FEBRUARY[1], **edit)
    (reacted,) = await rows(anna, MESSAGES.react, chat_id=CHAT, message_id=MESSAGE, emoji="👍", wanted=True)
    assert (edited["change"], reacted["change"]) == (1, 2)
    page = {"chat_id": CHAT, "after": 0, "before": 2**62, "limit": 10}
    assert [one["seq"] for one in await rows(anna, MESSAGES.history_after, **page)] == [1, 2, 3, 4, 5]
    assert [one["id"] for one in await rows(anna, MESSAGES.list_changed, **page)] == [FEBRUARY[1], UUID(MESSAGE)]
    words = {"words": "better", "chat_id": None, "before": "infinity", "before_id": UUID(int=2**128 - 1), "limit": 5}
    assert [one["id"] for one in await rows(anna, SEARCH.find_messages, **words)] == [FEBRUARY[1]]


async def test_a_message_is_looked_up_in_its_own_month_and_a_page_stops_in_the_newest(
    anna: AsyncConnection[dict[str, Any]],
) -> None:
    await store(anna, JANUARY + FEBRUARY, [uuid4() for _ in range(4)])
    await anna.execute("set enable_seqscan = off")
    explain: LiteralString = "explain (analyze, timing off, summary off, costs off) "

    async def plan(query: LiteralString, **parameters: Any) -> str:
        return "\n".join(one["QUERY PLAN"] for one in await rows(anna, explain + query, **parameters))

    single = await plan(MESSAGES.find_message, chat_id=CHAT, message_id=FEBRUARY[0])
    assert "messages_2026_02" in single
    assert "messages_2026_01" not in single
    assert "messages_before" not in single
    newest = await plan(MESSAGES.history_before, chat_id=CHAT, before=2**62, limit=2)
    assert "Merge Append" in newest, "the months are read side by side in the order of the numbers"
    assert "Sort  " not in newest
