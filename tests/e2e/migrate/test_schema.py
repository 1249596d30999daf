"""The schema of any project arrives as it was."""

from pathlib import Path

import pytest

from cyphr.foundation.errors import PreflightFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.handover.fence import install_fence
from cyphr.migrate.database.schema import compare_schemas, fingerprint
from cyphr.migrate.database.streams import install_streams, publish
from cyphr.schema.apply import install_switchboard
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import copied, following

EVERY_OBJECT = (Path(__file__).parent / "every_object" / "schema.sql").read_text()
CHANGES = [
    "alter table people add column born date",
    "alter table people alter column name set default 'nobody'",
    "alter table people enable row level security",
    "create index on people (name)",
    "alter table people add check (name <> '')",
    "comment on column people.name is 'What they are called'",
    "grant update (name) on people to anon",
    "create policy everybody on people using (true)",
    "create or replace view names as select id, name || '.' as name from people",
    "create sequence tickets",
    "create type mood as enum ('glad')",
    "create function one() returns int language sql as 'select 1'",
]


@pytest.fixture
async def with_vectors(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    for side in (supabase_bare, aws_bare):
        async with await connect(side.superuser) as connection:
            await connection.execute("create extension vector with schema extensions")
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def test_equal_schemas_have_equal_fingerprints_on_different_versions(with_vectors: dict[Side, TestSide]) -> None:
    sides = with_vectors
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        for connection in (source, target):
            await connection.execute("drop schema public cascade; create schema public")
            await connection.execute(EVERY_OBJECT)
        assert await compare_schemas(source, target) == []
        assert await fingerprint(source) == await fingerprint(target)


async def test_one_of_every_kind_of_object_arrives_as_it_was(with_vectors: dict[Side, TestSide]) -> None:
    sides = with_vectors
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        await source.execute(EVERY_OBJECT)
        await source.execute(
            "create table icons (bucket text constraint bucket references storage.buckets, name text primary key)"
        )
        migration = await copied(sides)
        async with following(migration):
            await migration.verify()
        differences = await compare_schemas(source, target)
        # The owner there has no BYPASSRLS, and the target has no buckets.
        assert len(differences) == 2
        assert differences[0] == "constraint public.icons.bucket is missing on the target"
        assert "table app.people differs: 'row security forced" in differences[1]


async def test_a_column_of_a_type_that_the_target_lacks_stops_the_migration_before_it_starts(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(supabase_bare.superuser) as connection:
        await connection.execute("create extension vector with schema extensions")
    async with await connect(supabase_bare.owner) as source, await connect(aws_bare.superuser) as target:
        await source.execute("create table notes (id int primary key, embedding extensions.vector(3))")
        await source.execute("create view files as select name from storage.objects")
        await target.execute("create extension vector with schema public")
        with pytest.raises(PreflightFailed) as refused:
            await copied({Side.SUPABASE: supabase_bare, Side.AWS: aws_bare})
    assert "view files needs table storage.objects" in refused.value.message
    assert "table notes needs type extensions.vector" in refused.value.message


async def test_what_the_migration_adds_leaves_the_fingerprint_as_it_is(supabase_bare: TestSide) -> None:
    async with await connect(supabase_bare.owner) as connection:
        await connection.execute("create table people (id int primary key)")
        before = await fingerprint(connection)
        await install_switchboard(connection)
        await install_streams(connection)

        await publish(connection, await read_tables(connection))
        await install_fence(connection, closed=False)
        assert await fingerprint(connection) == before


async def test_every_change_of_the_schema_changes_the_fingerprint(supabase_bare: TestSide) -> None:
    async with await connect(supabase_bare.owner) as connection:
        await connection.execute(
            "create table people (id int primary key, name text); create view names as table people"
        )
        before = await fingerprint(connection)
        for change in CHANGES:
            async with connection.transaction(force_rollback=True):
                await connection.execute(change)
                assert await fingerprint(connection) != before, change
        assert await fingerprint(connection) == before
