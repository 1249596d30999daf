"""The slot that following needs is lost: following stops and says what to do, and nobody goes on as if nothing was."""

import asyncio

import pytest

from cyphr.foundation.errors import Conflict
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.migration import DatabaseMigration
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
