"""A large table is copied in parts; a crash between two of them costs neither the parts that are there nor a row."""

import asyncio

import pytest
from psycopg import AsyncConnection

from cyphr.embedded.binaries import binary
from cyphr.foundation.cancellation import end
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import following
from tests.e2e.migrate.traffic import count_rows, until

_PART = 128 * 1024
_SLOW = CopyOptions(workers=1, part_bytes=_PART, bytes_per_second=2 * _PART)
_FAST = CopyOptions(workers=2, part_bytes=_PART)

# Rows whose long text is stored beside the table (so that an update may leave it out of the stream), and a column that
# is unique beside the key, as much as possible in two orders.
_LARGE = """
create table large (id int primary key, email text unique, n bigint generated always as identity, long text, small int);
alter table large alter long set storage external;
insert into large (id, email, long, small)
select i, 'person ' || i, case when i % 10 = 0 then repeat(md5(i::text), 100) end, 0 from generate_series(1, 6000) i;
analyze large
"""

# Every way in which a row can be in another state, or in another part, at the second point than it was at the first.
_MEANWHILE = """
update large set small = small + 1 where id % 7 = 0;
update large set email = email || '!' where id % 100 = 0;
update large set id = id + 100000 where id % 300 = 10;
update large set id = id - 1000000, small = 5 where id % 300 = 20;
delete from large where id % 50 = 3;
insert into large (id, email, long) select 200000 + i, 'new ' || i, repeat('x', 3000) from generate_series(1, 300) i;
update large set long = long || 'y' where id % 500 = 0;
update large a set email = b.email || ' swapped' from large b where a.id % 300 = 40 and b.id = a.id + 1;
delete from large where id between 200000 and 200010;
insert into large (id, email) values (200001, 'back again');
"""


def migration_of(sides: dict[Side, TestSide], options: CopyOptions) -> DatabaseMigration:
    databases = {side: sides[side].owner for side in Side}
    return DatabaseMigration(databases, binary(18, "pg_dump").parent, copy_options=options)


async def parts_copied(target: AsyncConnection) -> int:
    cursor = await target.execute("select count(*) from cyphr.copied_parts where lsn is not null")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def same_indexes(source: AsyncConnection, target: AsyncConnection) -> bool:
    indexes = "select indexname from pg_indexes where tablename = 'large' order by 1"
    return await (await target.execute(indexes)).fetchall() == await (await source.execute(indexes)).fetchall()


async def copy_until_cut_short(sides: dict[Side, TestSide], parts: int) -> None:
    """Copy slowly, and stop without any tidying up once so many parts are there."""
    migration = migration_of(sides, _SLOW)
    await migration.prepare()
    copying = asyncio.create_task(migration.copy())
    async with await connect(sides[Side.AWS].owner) as target:

        async def enough() -> bool:
            if copying.done():
                await copying
            return await parts_copied(target) >= parts

        await until(enough, 60)
    assert not copying.done(), "the copy came to its end before it could be cut short"
    await end(copying)


@pytest.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    async with await connect(supabase_bare.owner) as source:
        await source.execute(_LARGE)
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def test_parts_that_are_copied_stay_and_changes_between_two_points_are_replayed_once(
    sides: dict[Side, TestSide],
) -> None:
    await copy_until_cut_short(sides, 2)
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        await source.execute(_MEANWHILE)
        before = await target.execute("select number, lsn::text from cyphr.copied_parts where lsn is not null")
        kept = set(await before.fetchall())
        migration = migration_of(sides, _FAST)
        await migration.prepare()
        await migration.copy()
        after = await target.execute("select number, lsn::text from cyphr.copied_parts")
        assert kept < set(await after.fetchall())
        cursor = await target.execute("select oldest_lsn < newest_lsn from cyphr.copied where table_name = 'large'")
        assert await cursor.fetchone() == (True,)
        await source.execute("update large set small = -1 where id % 11 = 0")
        async with following(migration):
            assert (await migration.verify()).differences == []
            assert await count_rows(target, "large") == await count_rows(source, "large")
            assert await same_indexes(source, target)


async def test_a_table_that_was_written_anew_between_two_parts_begins_anew(sides: dict[Side, TestSide]) -> None:
    await copy_until_cut_short(sides, 1)
    await copy_until_cut_short(sides, 2)  # by now it is to show two points, and has an index of ours
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        await source.execute("vacuum full large")
        migration = migration_of(sides, _FAST)
        await migration.prepare()
        await migration.copy()
        cursor = await target.execute("select oldest_lsn = newest_lsn from cyphr.copied where table_name = 'large'")
        assert await cursor.fetchone() == (True,)
        async with following(migration):
            assert (await migration.verify()).differences == []
        assert await same_indexes(source, target)


async def test_a_truncate_while_a_table_is_copied_in_parts_leaves_both_sides_alike(sides: dict[Side, TestSide]) -> None:
    await copy_until_cut_short(sides, 2)
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("truncate large; insert into large (id, email) values (1, 'the only one')")
        migration = migration_of(sides, _FAST)
        await migration.prepare()
        await migration.copy()
        async with following(migration):
            assert (await migration.verify()).differences == []


async def test_a_copy_goes_on_by_itself_when_its_connections_are_cut(sides: dict[Side, TestSide]) -> None:
    migration = migration_of(sides, CopyOptions(workers=2, part_bytes=_PART, bytes_per_second=12 * _PART))
    await migration.prepare()
    copying = asyncio.create_task(migration.copy())
    async with (
        await connect(sides[Side.AWS].owner) as target,
        await connect(sides[Side.AWS].superuser) as theirs,
        await connect(sides[Side.SUPABASE].superuser) as ours,
    ):

        async def one_is_there() -> bool:
            return await parts_copied(target) >= 1

        await until(one_is_there, 60)
        for connection in (theirs, ours):
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and query ilike 'copy%'"
            )
        await copying
        async with following(migration):
            assert (await migration.verify()).differences == []
