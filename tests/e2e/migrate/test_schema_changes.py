"""The schema of the sending side is changed while it is followed: following stops, says why, and goes on."""

import asyncio

import psycopg
import pytest

from cyphr.foundation.errors import ApplyConflict, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.copy import back
from cyphr.migrate.database.follow import schema_watch, writer
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import count_rows, until


@pytest.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch) -> dict[Side, TestSide]:
    monkeypatch.setattr(schema_watch, "_PAUSE_SECONDS", 0.1)  # else it is looked for every five seconds
    monkeypatch.setattr(schema_watch, "_PAUSES_PER_LOOK", 0.0)
    async with await connect(supabase_bare.owner) as source:
        await source.execute("create table things (id int primary key, name text); insert into things values (1, 'a')")
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def stopped_by(migration: DatabaseMigration) -> ApplyConflict:
    """What following ends with."""
    with pytest.raises(ApplyConflict) as stopped:
        await asyncio.wait_for(migration.follow(), 30)
    return stopped.value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table things add column price numeric default 7", "things.price"),
        ("alter table things alter column id type bigint", "things.id"),
        ("alter table things drop column name", "things.name"),
        ("create table more (id int primary key)", "public.more"),
        ("create unique index things_name on things (name)", "things_name"),
    ],
    ids=["a new column", "another type", "a column dropped", "a new table", "a new index"],
)
async def test_a_change_of_the_schema_stops_following_and_the_same_change_there_lets_it_go_on(
    sides: dict[Side, TestSide], change: str, named: str
) -> None:
    migration = await copied(sides)
    async with following(migration):
        assert (await migration.verify()).differences == []
        await until(lambda: has_looked(migration))
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        stopping = asyncio.create_task(stopped_by(migration))
        await source.execute(change)
        if "more" in change:
            await source.execute("insert into more select generate_series(1, 50)")
        else:
            await source.execute("insert into things (id) values (2)")
        stopped = await stopping
        assert named.split(".")[-1] in stopped.message
        if "column" in change:  # no row of the new shape went where it does not belong
            assert await count_rows(target, "things") == 1
        await target.execute(change)
        async with following(migration):
            if "more" in change:
                await until(lambda: has_rows(sides[Side.AWS], "more", 50), 30)
                await source.execute("insert into more values (51)")
            assert (await migration.verify()).differences == []
            assert await count_rows(target, "things") == await count_rows(source, "things")


async def test_tables_that_were_made_on_aws_go_back_once_they_are_on_supabase_as_well(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = """
    create table orders (id int primary key, thing int references things, note text default 'new');
    create table lines (id int primary key, order_id int references orders);
    """
    migration = await copied(sides)
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        async with following(migration):
            await migration.verify()
            await migration.handover(Side.AWS)
            await until(lambda: goes_back(migration))
            await until(lambda: has_looked(migration))
        stopping = asyncio.create_task(stopped_by(migration))
        await target.execute(made)
        await target.execute("insert into orders select n, 1 from generate_series(1, 100) as n")
        await target.execute("insert into lines select n, n from generate_series(1, 100) as n")
        assert "orders" in (await stopping).message
        await source.execute(made)
        with monkeypatch.context() as patched:  # the migrator is cut off in the middle of it
            patched.setattr(back, "copy_tables", out_of_reach)
            with pytest.raises(Unavailable, match="in the middle"):
                await asyncio.wait_for(migration.follow(), 30)
        await target.execute("update orders set note = 'changed' where id <= 50; delete from lines where id > 90")
        async with following(migration):
            await until(lambda: has_rows(sides[Side.SUPABASE], "lines", 90), 30)
            await target.execute("update orders set note = 'later' where id <= 10; insert into lines values (101, 1)")
            assert (await migration.verify()).differences == []
            await migration.handover(Side.SUPABASE)
            await source.execute("insert into lines values (102, 2)")
            assert (await migration.verify()).differences == []
            assert await count_rows(target, "lines") == 92


async def out_of_reach(_: object) -> None:
    raise Unavailable("the network was cut in the middle")


async def goes_back(migration: DatabaseMigration) -> bool:
    """Whether the way back is followed."""
    return (await migration._follower.at_work())[1].destination is Side.SUPABASE


async def has_looked(migration: DatabaseMigration) -> bool:
    """Whether the schemas were compared: what is changed from here on is a change."""
    return migration._follower._watch._seen is not None


async def has_rows(side: TestSide, table: str, count: int) -> bool:
    async with await connect(side.owner) as connection:
        return await count_rows(connection, table) >= count


async def test_what_does_not_fit_is_told_without_the_row(aws_bare: TestSide) -> None:
    async with await connect(aws_bare.owner) as connection:
        await connection.execute("create table held (id int primary key, hash text not null check (hash <> 'secret'))")
        await connection.execute("insert into held values (1, 'a')")
        told = []
        for values in ("(2, 'secret')", "(null, 'secret')", "(1, 'secret-b')"):
            with pytest.raises(psycopg.IntegrityError) as caught:
                await connection.execute(f"insert into held values {values}")  # type: ignore[arg-type]
            told.append(writer._words(caught.value))
    assert "secret" not in " ".join(told)
    assert told[2].endswith("Key (id)=(1) already exists.")
