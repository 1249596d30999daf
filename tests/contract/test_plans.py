"""The hot queries read what they need and no more, however many messages there are.

Each runs for real, as the runtime role, and PostgreSQL's own counts of that transaction say what was read: also within
functions, which EXPLAIN does not show.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries
from tests.conftest import Server, TestSide

MESSAGES = load_queries("cyphr.messenger.messages")
CHATS = load_queries("cyphr.messenger.chats")
SEARCH = load_queries("cyphr.messenger.search")

PERSON = UUID("a0000000-0000-4000-8000-000000000001")
GROUP = UUID("c0000000-0000-4000-8000-000000000001")
OWN_CHATS = [UUID(int=GROUP.int + number) for number in range(11)]
FAR = 2**62
# While it plans, PostgreSQL looks at the ends of an index, too.
PLANNING = 10
END = {"before": "infinity", "before_id": UUID(int=2**128 - 1)}


@dataclass(frozen=True)
class Filled:
    """A database with very many messages, ``per_chat`` in each chat."""

    side: TestSide
    per_chat: int


async def fill(side: TestSide, messages: int) -> None:
    script = Path(__file__).with_name("messages.sql").read_text()
    async with await connect(side.superuser) as connection:
        # The index of words is built when all are there: ten times faster than word by word.
        cursor = await connection.execute("select indexdef from pg_indexes where indexname = 'messages_words'")
        (definition,) = await cursor.fetchone() or (None,)
        await connection.execute("drop index public.messages_words")
        await connection.execute("select set_config('test.messages', %s, false)", [str(messages)])
        await connection.execute(script)
        await connection.execute(definition)
        await connection.execute("analyze")


@pytest_asyncio.fixture(
    scope="module", params=[50_000, pytest.param(1_000_000, marks=pytest.mark.soak)], ids=["50k", "1M"]
)
async def filled(request: pytest.FixtureRequest, aws_server: Server) -> AsyncIterator[Filled]:
    async with aws_server.database(aws_server.full) as side:
        await fill(side, request.param)
        yield Filled(side, request.param // 2000)


OWN_LIST = {
    "user_id": PERSON,
    "only_chat_id": None,
    "after_pin": None,
    "after_activity": None,
    "after_id": None,
    "limit": 51,
}


@dataclass(frozen=True)
class Reads:
    """What a transaction read of the messages: whole-table scans, rows by index."""

    scans: int
    rows: int


async def reads_of(filled: Filled, query: LiteralString, parameters: dict[str, Any]) -> tuple[Reads, list[Any]]:
    async with await connect(filled.side.app) as connection, connection.transaction():
        await act(connection)
        cursor = await connection.execute(query, parameters)
        found = await cursor.fetchall()
        cursor = await connection.execute(
            "select seq_scan, coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relname = 'messages'"
        )
        scans, rows = await cursor.fetchone() or (0, 0)
    return Reads(scans, rows), found


async def act(connection: AsyncConnection) -> None:
    claims = json.dumps({"role": "authenticated", "sub": str(PERSON)})
    await connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])


async def indexes_of(filled: Filled, query: LiteralString, parameters: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Which indexes the plan uses, and which tables it walks through."""
    async with await connect(filled.side.app) as connection, connection.transaction():
        await act(connection)
        cursor = await connection.execute("explain (format json) " + query, parameters)
        (plan,) = await cursor.fetchone() or (None,)
    indexes, walked = set(), set()
    nodes = [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        indexes.add(node.get("Index Name"))
        if node["Node Type"] == "Seq Scan":
            walked.add(node["Relation Name"])
    return indexes, walked


@pytest.mark.parametrize(
    ("query", "index", "parameters"),
    [
        (MESSAGES.history_after, "messages_chat_seq", {"after": 1, "before": FAR}),
        (MESSAGES.history_before, "messages_chat_seq", {"before": FAR}),
        (MESSAGES.list_changed, "messages_chat_changed", {"after": 0}),
        (MESSAGES.find_message, "messages_pkey", {"message_id": GROUP}),
        (MESSAGES.list_receipts, "messages_pkey", {"message_id": GROUP, "cursor": None}),
        (CHATS.list_last_messages, "messages_chat_seq", {"chat_ids": OWN_CHATS}),
        (CHATS.list_chats, "messages_chat_seq", OWN_LIST),
    ],
    ids=["history after", "history before", "changes", "message", "receipts", "last messages", "unread"],
)
async def test_a_hot_query_is_planned_by_its_index(
    filled: Filled, query: LiteralString, index: str, parameters: dict[str, Any]
) -> None:
    indexes, walked = await indexes_of(filled, query, {"chat_id": GROUP, "limit": 51, **parameters})
    assert index in indexes
    assert "messages" not in walked


@pytest.mark.parametrize(
    ("query", "parameters", "most"),
    [
        (MESSAGES.history_after, {"after": 1, "before": FAR}, 51),
        (MESSAGES.history_before, {"before": FAR}, 51),
        (MESSAGES.list_changed, {"after": 0}, 51),
        (MESSAGES.list_heads, {"user_id": PERSON}, 0),
        (CHATS.list_last_messages, {"chat_ids": OWN_CHATS}, len(OWN_CHATS)),
        (MESSAGES.sweep_expired, {}, 0),
    ],
    ids=["history after", "history before", "changes", "heads", "last messages", "sweep"],
)
async def test_a_hot_query_reads_no_more_than_it_gives(
    filled: Filled, query: LiteralString, parameters: dict[str, Any], most: int
) -> None:
    reads, found = await reads_of(filled, query, {"chat_id": GROUP, "limit": 51, **parameters})
    assert reads.scans == 0
    assert reads.rows <= most + PLANNING
    assert found


async def test_counting_what_is_unread_reads_own_chats_to_a_bound(filled: Filled) -> None:
    reads, chats = await reads_of(filled, CHATS.list_chats, OWN_LIST)
    assert len(chats) == len(OWN_CHATS)
    assert reads.scans == 0
    # Written by others, or by oneself: those are passed over one by one.
    assert reads.rows <= len(OWN_CHATS) * filled.per_chat + PLANNING


@pytest.mark.parametrize("words", ["hello", "слово", "hello -nothing"])
async def test_a_word_that_everybody_uses_is_searched_within_own_chats_only(filled: Filled, words: str) -> None:
    parameters = {"words": words, "chat_id": None, "limit": 21, **END}
    reads, found = await reads_of(filled, SEARCH.find_messages, parameters)
    assert len(found) == 21
    assert reads.scans == 0
    # Found by the index, and once more as they are shown; a bitmap counts each twice.
    assert reads.rows <= 2 * len(OWN_CHATS) * filled.per_chat + 2 * 21 + PLANNING


async def test_storing_reads_by_index_only(filled: Filled) -> None:
    count = 64
    parameters = {
        "chat_ids": [OWN_CHATS[number % len(OWN_CHATS)] for number in range(count)],
        "sender_ids": [PERSON] * count,
        "client_ids": [uuid4() for _ in range(count)],
        "message_ids": [uuid4() for _ in range(count)],
        "contents": ["hello"] * count,
        **{name: [None] * count for name in ("reply_to_ids", "mentions", "formatting", "forwarded_from")},
    }
    reads, stored = await reads_of(filled, MESSAGES.store_messages, parameters)
    assert len(stored) == count
    assert reads.scans == 0
    assert reads.rows <= 2 * count + PLANNING
