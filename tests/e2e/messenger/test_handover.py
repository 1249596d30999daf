"""The database moves to the other side under people's hands: they notice nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql

from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN, Client, register
from tests.e2e.messenger.conftest import serve, settings_for

# In an order that foreign keys allow.
TABLES = [
    "users",
    "chats",
    "chat_participants",
    "messages",
    "account_emails",
    "sign_in_attempts",
    "sessions",
    "refresh_tokens",
    "direct_chats",
    "email_codes",
    "audit_log",
    "audit_chain",
    "audit_head",
]


@pytest_asyncio.fixture
async def http(supabase: TestSide, aws: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The messenger, standing on Supabase and knowing both sides."""
    async with serve(settings_for(supabase, aws, token_key=token_key)) as client:
        async with await connect(aws.owner) as connection:
            await connection.execute("update cyphr.switchboard set side = 'supabase' where service = 'database'")
        yield client


async def tables_of(connection: AsyncConnection) -> list[str]:
    cursor = await connection.execute("select tablename from pg_tables where schemaname = 'public'")
    return [row[0] for row in await cursor.fetchall()]


async def fence(settings: PostgresSettings) -> None:
    """Refuse every write and name the other side, in one transaction, as the migration does."""
    async with await connect(settings) as connection, connection.transaction():
        for table in await tables_of(connection):
            await connection.execute(
                sql.SQL(
                    "create trigger cyphr_fence before insert or update or delete on public.{}"
                    " for each statement execute function cyphr.refuse_write()"
                ).format(sql.Identifier(table))
            )
        await connection.execute("update cyphr.switchboard set side = 'aws', epoch = 2 where service = 'database'")


async def copy_everything(source: TestSide, target: TestSide) -> None:
    async with await connect(source.superuser) as old, await connect(target.superuser) as new, new.transaction():
        await new.execute("set local session_replication_role = replica")
        for table in TABLES:
            name = sql.Identifier(table)
            async with (
                old.cursor() as reading,
                new.cursor() as writing,
                reading.copy(sql.SQL("copy public.{} to stdout").format(name)) as rows,
                writing.copy(sql.SQL("copy public.{} from stdin").format(name)) as received,
            ):
                async for block in rows:
                    await received.write(block)


async def open_side(side: TestSide) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute("update cyphr.switchboard set side = 'aws', epoch = 2 where service = 'database'")


async def talk(person: Client, chat: str, stop: asyncio.Event) -> list[tuple[str, int]]:
    """Send until told to stop; every acknowledgement as (client id, seq). An error frame ends it at once."""
    acknowledged = []
    async with person.socket({chat: 10**9}) as socket:
        while not stop.is_set():
            client_id = await socket.send(chat, "hello")
            while (frame := await socket.hear())["t"] != "ack":
                assert frame["t"] in {"msg", "receipt", "me.device"}, frame
            assert frame["id"] == client_id
            acknowledged.append((client_id, frame["d"]["seq"]))
            await socket.say("read", chat=chat, d={"seq": frame["d"]["seq"]})
            await asyncio.sleep(0.01)
    return acknowledged


async def test_people_who_write_while_the_database_moves_get_every_acknowledgement_and_no_error(
    http: httpx.AsyncClient, supabase: TestSide, aws: TestSide
) -> None:
    people = [await register(http, f"Person {number}") for number in range(4)]
    chat = await people[0].group("all", people[1:])
    stop = asyncio.Event()
    talking = [asyncio.create_task(talk(person, chat, stop)) for person in people]
    await asyncio.sleep(0.5)
    await fence(supabase.owner)
    signing_in = asyncio.create_task(http.post("/v1/sessions", json={"email": people[0].email, "pin": PIN}))
    await copy_everything(supabase, aws)
    await open_side(aws)
    assert (await signing_in).status_code == 201
    await asyncio.sleep(0.5)
    stop.set()
    acknowledged = [pair for own in await asyncio.gather(*talking) for pair in own]

    assert sorted(seq for _, seq in acknowledged) == list(range(1, len(acknowledged) + 1))
    stored = {}
    async with await connect(aws.owner) as connection:
        cursor = await connection.execute("select client_id::text, seq from messages where chat_id = %s", [chat])
        stored = dict(await cursor.fetchall())
    assert stored == dict(acknowledged), "what was acknowledged is there once, and nothing else is"
    async with await connect(supabase.owner) as connection:
        cursor = await connection.execute("select count(*) from messages where chat_id = %s", [chat])
        (before,) = await cursor.fetchone() or (0,)
    assert 0 < before < len(acknowledged), "some were written on each side"
    assert (await people[0].get("/v1/switchboard"))["services"][1]["side"] == "aws"


async def test_a_write_that_meets_the_fence_in_the_middle_of_its_work_is_done_on_the_other_side(
    http: httpx.AsyncClient, supabase: TestSide, aws: TestSide
) -> None:
    anna, boris = await register(http, "Anna"), await register(http, "Boris")
    chat = await anna.direct(boris)
    await copy_everything(supabase, aws)
    async with await connect(supabase.owner) as blocker:
        # Hold the chat, so that the send has begun its transaction before the fence comes down.
        async with blocker.transaction():
            await blocker.execute("select from chats where id = %s for update", [chat])
            sending = asyncio.create_task(anna.send(chat, "in the middle"))
            await until_somebody_waits_for_a_lock(supabase)
            await blocker.execute(
                "create trigger cyphr_fence before insert or update or delete on public.messages"
                " for each statement execute function cyphr.refuse_write()"
            )
            await blocker.execute("update cyphr.switchboard set side = 'aws', epoch = 2 where service = 'database'")
        await open_side(aws)
        answer = await sending
    assert (answer.status_code, answer.json()["seq"]) == (201, 1)
    for side, expected in ((supabase, 0), (aws, 1)):
        async with await connect(side.owner) as connection:
            cursor = await connection.execute("select count(*), max(last_seq) from messages, chats")
            assert (await cursor.fetchone() or (None,))[0] == expected, side.side
            assert (await (await connection.execute("select last_seq from chats")).fetchone()) == (expected,)


async def until_somebody_waits_for_a_lock(side: TestSide) -> None:
    async with await connect(side.superuser) as connection:
        waiting = 0
        while waiting == 0:
            cursor = await connection.execute(
                "select pg_sleep(0.01) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            )
            waiting = cursor.rowcount


async def test_the_runtime_role_may_read_but_not_write_behind_the_fence(supabase: TestSide) -> None:
    await fence(supabase.owner)
    async with await connect(supabase.app) as connection:
        await connection.execute("select count(*) from messages")
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute("select private.issue_email_code('a@b', 'x')")
    assert refused.value.sqlstate == "CY001"
