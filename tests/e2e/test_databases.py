"""The two servers have the shape, and withhold the powers, of Supabase and RDS."""

from typing import LiteralString

import psycopg
import pytest

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide


async def _value(connection: psycopg.AsyncConnection, query: LiteralString) -> object:
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    return row[0] if row else None


async def test_supabase_runs_16_and_aws_runs_18(supabase: TestSide, aws: TestSide) -> None:
    for side, version in ((supabase, 160000), (aws, 180000)):
        async with await connect(side.app) as connection:
            assert connection.info.server_version // 10000 * 10000 == version


async def test_neither_owner_is_a_superuser_yet_both_may_replicate(supabase: TestSide, aws: TestSide) -> None:
    for side in (supabase, aws):
        async with await connect(side.owner) as connection:
            assert await _value(connection, "select rolsuper from pg_roles where rolname = current_user") is False
            await connection.execute("set session_replication_role = replica")
            await connection.execute("create publication probe for table public.users")
            await connection.execute("select pg_create_logical_replication_slot('probe', 'pgoutput')")


async def test_the_runtime_role_reads_the_switchboard_of_the_side_it_is_on(supabase: TestSide, aws: TestSide) -> None:
    for side in (supabase, aws):
        async with await connect(side.app) as connection:
            services = await _value(connection, "select json_object_agg(service, side) from cyphr.switchboard")
            assert services == dict.fromkeys(("database", "files", "auth"), side.side)


async def test_on_supabase_the_owner_may_use_but_not_alter_the_tables_of_the_platform(supabase_bare: TestSide) -> None:
    async with await connect(supabase_bare.owner) as connection:
        await connection.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'a@example.org')")
        assert await _value(connection, "select count(*) from auth.users") == 1
        assert await _value(connection, "select count(*) from storage.buckets") == 3
        for statement in (
            "alter table auth.users add x int",
            "create publication p for all tables",
            "set role rdsadmin",
        ):
            with pytest.raises(psycopg.Error):
                await connection.execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize("claims", ['{"sub": "00000000-0000-0000-0000-000000000001", "role": "authenticated"}', ""])
async def test_the_claims_read_the_same_on_both_sides(supabase_bare: TestSide, aws_bare: TestSide, claims: str) -> None:
    answers = []
    for side in (supabase_bare, aws_bare):
        async with await connect(side.owner) as connection:
            await connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
            answers.append(await _value(connection, "select (auth.uid(), auth.role(), auth.email(), auth.jwt())::text"))
            assert await _value(connection, "select storage.foldername('a/b/c.tar.gz')") == ["a", "b"]
            assert await _value(connection, "select storage.filename('a/b/c.tar.gz')") == "c.tar.gz"
            assert await _value(connection, "select storage.extension('a/b/c.tar.gz')") == "gz"
    assert answers[0] == answers[1]
