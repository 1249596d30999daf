"""The database's migration, on two real servers under writes."""

import asyncio
from pathlib import Path

import pytest

from cyphr.embedded.binaries import binary
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import TestSide


@pytest.fixture
def migration(supabase: TestSide, aws_bare: TestSide) -> DatabaseMigration:
    programs: Path = binary(18, "pg_dump").parent
    return DatabaseMigration({Side.SUPABASE: supabase.owner, Side.AWS: aws_bare.owner}, programs)


async def test_a_database_is_moved_and_handed_back(migration: DatabaseMigration, supabase: TestSide) -> None:
    async with await connect(supabase.owner) as source:
        await source.execute("insert into users (full_name) select 'person ' || n from generate_series(1, 1000) n")
    await migration.prepare()
    await migration.copy(lambda table: None)
    following = asyncio.create_task(migration.follow())
    try:
        await asyncio.sleep(1)
        found = await migration.verify()
        assert found.differences == []
        print(found)
        print(await migration.handover(Side.AWS))
        await asyncio.sleep(0.5)
        print(await migration.handover(Side.SUPABASE))
        await asyncio.sleep(0.5)
        print(await migration.handover(Side.AWS))
        print(migration.progress)
        print(await migration.verify())
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
