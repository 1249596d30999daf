"""The slot that following needs: made so that everything can be decoded; lost, following stops and says what to do."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest
from psycopg import AsyncConnection

from cyphr.foundation.errors import Conflict
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database import streams
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.database.streams import PUBLICATION, Stream
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import until


@pytest.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    async with await connect(supabase_bare.owner) as source:
        await source.execute("create table notes (id bigint generated always as identity primary key, content text)")
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def refusal_of(migration: DatabaseMigration) -> str:
    """What following ends with; the same is in the status."""
    with pytest.raises(Conflict) as stopped:
        await asyncio.wait_for(migration.follow(), 60)
    assert (await migration.progress())["last_error"] == stopped.value.message
    return stopped.value.message


async def test_a_slot_that_is_gone_stops_following_with_what_to_do(sides: dict[Side, TestSide]) -> None:
    migration = await copied(sides)
    async with await connect(sides[Side.SUPABASE].owner) as source:
        async with following(migration):
            assert (await migration.verify()).differences == []

        async def is_let_go() -> bool:
            slots = await source.execute("select from pg_replication_slots where not active")
            return slots.rowcount == 1

        await until(is_let_go, 30)
        await source.execute("select pg_drop_replication_slot('cyphr_to_aws_1')")
        words = await refusal_of(migration)
        assert "slot cyphr_to_aws_1 is gone from the sending side" in words
        assert "start again" in words
        # A slot of that name, but a new one, would skip what was written in between.
        slots = await source.execute("select from pg_replication_slots where slot_name = 'cyphr_to_aws_1'")
        assert slots.rowcount == 0


async def test_a_slot_that_was_cut_off_while_nothing_was_followed_is_named_with_the_setting_that_did_it(
    sides: dict[Side, TestSide],
) -> None:
    migration = await copied(sides)
    async with (
        await connect(sides[Side.SUPABASE].superuser) as superuser,
        await connect(sides[Side.SUPABASE].owner) as source,
    ):

        async def is_lost() -> bool:
            await source.execute("insert into notes (content) values ('never followed')")
            await superuser.execute("select pg_switch_wal()")
            await superuser.execute("checkpoint")
            slots = await source.execute(
                "select from pg_replication_slots where slot_name = 'cyphr_to_aws_1' and wal_status = 'lost'"
            )
            return slots.rowcount == 1

        await superuser.execute("alter system set max_slot_wal_keep_size = '16MB'")
        try:
            await superuser.execute("select pg_reload_conf()")
            await until(is_lost, 60)
            words = await refusal_of(migration)
        finally:
            await superuser.execute("alter system reset max_slot_wal_keep_size")
            await superuser.execute("select pg_reload_conf()")
    assert "slot cyphr_to_aws_1 was invalidated" in words
    assert "max_slot_wal_keep_size (16MB)" in words
    assert "Raise that setting" in words


@pytest.mark.parametrize(
    ("change", "write"),
    [
        ("truncate notes", "insert into notes (content) values ('written new')"),
        ("alter table notes add column kind text", "insert into notes (content, kind) values ('written', 'new')"),
        ("alter type mood add value 'new'", "insert into notes (content, mood) values ('written', 'new')"),
    ],
)
async def test_what_is_written_to_a_table_that_was_changed_while_its_slot_was_made_is_decoded_whole(
    change: str, write: str, sides: dict[Side, TestSide]
) -> None:
    """The order in which PostgreSQL misses the change (decision 88)."""
    settings, stream = sides[Side.SUPABASE].owner, Stream(Side.AWS, 1)
    async with AsyncExitStack() as stack:
        source, oldest, older, changing, writing = [
            await stack.enter_async_context(await connect(settings)) for _ in range(5)
        ]
        await source.execute("create type mood as enum ('old')")
        await source.execute("alter table notes add column mood mood")
        await streams.publish(source, await read_tables(source))

        async def number_of(connection: AsyncConnection) -> str:
            """Begin a transaction that writes."""
            await connection.execute("begin")
            (number,) = await (await connection.execute("select pg_current_xact_id()::text")).fetchone() or ("",)
            return str(number)

        async def waits_for(number: str) -> bool:
            """Whether who makes the slot waits for that transaction."""
            locks = "select from pg_locks where not granted and transactionid::text = %s"
            return (await source.execute(locks, [number])).rowcount == 1

        async def is_writing(number: str) -> bool:
            return await waits_for(number) or making.done()

        first = await number_of(oldest)
        making = asyncio.create_task(streams.ensure_slot(settings, source, stream))
        await until(partial(waits_for, first), 30)
        second = await number_of(older)
        await changing.execute(change)
        await oldest.execute("commit")
        await until(partial(waits_for, second), 30)
        third = await number_of(writing)
        await writing.execute(write)
        await older.execute("commit")
        await until(partial(is_writing, third), 30)
        await writing.execute("commit")
        await asyncio.wait_for(making, 30)
        await source.execute("insert into notes (content) values ('later')")
        decode = (
            "select coalesce(string_agg(data, ''), '') from pg_logical_slot_peek_binary_changes(%s, null, null,"
            " 'proto_version', '1', 'publication_names', %s)"
        )
        data = b""
        while b"later" not in data:  # it is decoded once it is on disk
            (data,) = await (await source.execute(decode, [stream.name, PUBLICATION])).fetchone() or (b"",)
    assert (b"written" in data) == (b"new" in data)
