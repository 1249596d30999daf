"""Projects of many shapes, each moved there and back while its application writes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cyphr.foundation.cancellation import end
from cyphr.foundation.postgres import MOVED, Side, connect
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.platform_rows import PlatformRows
from tests.conftest import Server, TestSide
from tests.e2e.migrate.scenario import run_scenarios
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import count_rows

HERE = Path(__file__).parent


@pytest.fixture
def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


@pytest.fixture
async def oracle(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.bare) as side:
        yield side


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work without an end goes on during the block; it may not fail."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end(task)
        assert task.cancelled(), task.exception()


@asynccontextmanager
async def sign_ups(supabase: TestSide) -> AsyncIterator[None]:
    """Supabase Auth at work: people sign up, sign in, change and swap addresses, and leave."""

    async def work() -> None:
        async with await connect(supabase.superuser) as connection:
            while True:
                try:
                    await connection.execute((HERE / "multi_tenant" / "sign_ups.sql").read_bytes())
                except psycopg.Error as error:
                    # Whoever has rows of the project cannot be deleted at Supabase while these are on AWS.
                    if error.sqlstate != MOVED:
                        raise
                    await connection.execute("rollback")
                await asyncio.sleep(0.1)

    async with beside(work()):
        yield


SMALL = [
    "multi_tenant",
    "every_type",
    "partitioned_events",
    "no_primary_keys",
    "cyclic_references",
    "triggers_elsewhere",
    "unusual_names",
]
# The owner there has no BYPASSRLS.
FORCED = "table public.tickets differs: 'row security forced"


def many_tables(count: int) -> str:
    return f"call many.make({count})"


def large_table(rows: int) -> str:
    return (
        "insert into large.messages (chat_id, seq, body, sent_at)"
        f" select n % 100, n, md5(n::text), now() from generate_series(1, {rows}) as n"
    )


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.soak) for name in SMALL])
async def test_a_project_of_any_shape_moves_there_and_back(
    name: str, sides: dict[Side, TestSide], oracle: TestSide
) -> None:
    await run_scenarios([HERE / name], sides, oracle, exceptions=(FORCED,))


@pytest.mark.soak
async def test_rows_that_cannot_be_told_apart_by_equality_move_there_and_back(sides: dict[Side, TestSide]) -> None:
    await run_scenarios([HERE / "no_equality"], sides, None)


async def test_all_shapes_in_one_project_move_there_and_back(sides: dict[Side, TestSide], oracle: TestSide) -> None:
    folders = [HERE / name for name in [*SMALL, "one_large_table"]]
    await run_scenarios(
        folders, sides, oracle, filling=large_table(50_000), exceptions=(FORCED,), beside=sign_ups(sides[Side.SUPABASE])
    )
    await PlatformRows(sides[Side.SUPABASE].owner, sides[Side.AWS].owner).drain()
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        for query in (
            "select id, email, encrypted_password, raw_user_meta_data::text, raw_app_meta_data::text from auth.users",
            "select id, user_id, provider_id, identity_data::text, email from auth.identities",
        ):
            ours, theirs = [set(await (await side.execute(query)).fetchall()) for side in (source, target)]
            assert len(ours) > 50
            assert ours == theirs
        assert await count_rows(target, "ticket_counts") > 0


async def test_a_partitioned_table_whose_rows_refer_to_somebody_who_left_meanwhile_is_completed(
    sides: dict[Side, TestSide],
) -> None:
    async with await connect(sides[Side.SUPABASE].superuser) as platform:
        async with await connect(sides[Side.SUPABASE].owner) as source:
            await source.execute(
                "create table visits (id int primary key, user_id uuid references auth.users on delete set null)"
                " partition by range (id)"
            )
            await source.execute("create table visits_1 partition of visits default")
            await platform.execute("insert into auth.users (id) values (gen_random_uuid())")
            await source.execute("insert into visits select 1, id from auth.users")
        migration = await copied(sides)
        # On AWS they are gone before the stream tells what became of the row.
        await platform.execute("delete from auth.users")
        await PlatformRows(sides[Side.SUPABASE].owner, sides[Side.AWS].owner).drain()
    async with following(migration):
        assert (await migration.verify()).differences == []
    async with await connect(sides[Side.AWS].owner) as target:
        cursor = await target.execute(
            "select count(*), bool_and(convalidated) from pg_constraint where contype = 'f' and conrelid in"
            " ('visits'::regclass, 'visits_1'::regclass)"
        )
        assert await cursor.fetchone() == (2, True)
        assert await count_rows(target, "visits where user_id is null") == 1


async def test_somebody_who_signs_in_all_the_time_is_no_difference_and_somebody_else_is_one(
    sides: dict[Side, TestSide],
) -> None:
    async with await connect(sides[Side.SUPABASE].superuser) as platform:
        await platform.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'busy@example.org')")
        await platform.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'still@example.org')")
        async with await connect(sides[Side.SUPABASE].owner) as source:
            await source.execute("create table profiles (id uuid primary key references auth.users)")
        await copied(sides)
        people = PlatformRows(sides[Side.SUPABASE].owner, sides[Side.AWS].owner)

        async def sign_in() -> None:
            while True:
                await platform.execute(
                    "update auth.users set last_sign_in_at = clock_timestamp() where email = 'busy@example.org'"
                )
                await asyncio.sleep(0.02)

        async with beside(sign_in()):
            for _ in range(30):
                assert (await people.compare()).differences == []
            async with await connect(sides[Side.AWS].owner) as target:
                await target.execute("update auth.users set role = 'other' where email = 'still@example.org'")
            (line,) = (await people.compare()).differences
        cursor = await platform.execute("select id from auth.users where email = 'still@example.org'")
        assert line == f"auth.users {(await cursor.fetchall())[0][0]}: differs"


async def test_foreign_keys_to_people_are_validated_though_somebody_leaves_all_the_time(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_durable = Applier._make_durable

    async def late(applier: Applier, end: Any) -> None:
        await asyncio.sleep(0.1)  # so whoever leaves is gone from AWS before what refers to them
        await make_durable(applier, end)

    monkeypatch.setattr(Applier, "_make_durable", late)
    async with await connect(sides[Side.SUPABASE].superuser) as platform:
        async with await connect(sides[Side.SUPABASE].owner) as source:
            await source.execute("create table profiles (id uuid primary key references auth.users on delete cascade)")
        await platform.execute("insert into auth.users (id) select gen_random_uuid() from generate_series(1, 5000)")
        await platform.execute("insert into profiles select id from auth.users")

        async def leave() -> None:
            while True:
                await platform.execute("delete from auth.users where id = (select id from auth.users limit 1)")
                await asyncio.sleep(0.02)

        migration = await copied(sides)
        async with following(migration), beside(leave()):
            assert (await migration.verify()).differences == []
        assert await count_rows(platform, "profiles") > 100
    async with await connect(sides[Side.AWS].owner) as target:
        held = "select convalidated from pg_constraint where contype = 'f' and conrelid = 'profiles'::regclass"
        assert await (await target.execute(held)).fetchall() == [(True,)]


async def test_who_gives_up_leaves_nothing_on_the_tables_of_supabase_auth(sides: dict[Side, TestSide]) -> None:
    ours = (
        "select tgname from pg_trigger where tgrelid in ('auth.users'::regclass, 'auth.identities'::regclass)"
        " and not tgisinternal"
    )
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("create table profiles (id uuid primary key references auth.users)")
        migration = await copied(sides)
        assert len(await (await source.execute(ours)).fetchall()) == 4
        await migration.give_up()
        assert await (await source.execute(ours)).fetchall() == []
        await source.execute("insert into auth.users (id) values (gen_random_uuid())")


@pytest.mark.soak
@pytest.mark.parametrize("count", [300, 5_000])
async def test_a_project_of_many_tables_moves_there_and_back(count: int, sides: dict[Side, TestSide]) -> None:
    await run_scenarios([HERE / "many_tables"], sides, None, filling=many_tables(count))


@pytest.mark.soak
async def test_a_table_of_five_million_rows_moves_there_and_back(sides: dict[Side, TestSide]) -> None:
    await run_scenarios([HERE / "one_large_table"], sides, None, filling=large_table(5_000_000))
