"""``cyphr.retry`` on two real databases and a real fence, with every driver it is for."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import psycopg
import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import streams
from cyphr.migrate.database.handover.fence import close_fence, install_fence, lift_fence
from cyphr.migrate.database.handover.seats import Seat
from cyphr.retry import Databases, NoSideOpen
from cyphr.retry.drivers import AsyncpgPool, PsycopgPool, SqlalchemyEngine, SqlalchemySessions
from cyphr.schema.apply import install_switchboard
from tests.conftest import TestSide

_GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/retry.md"
_EXAMPLES = [
    block for block in re.findall(r"```python\n(.*?)```", _GUIDE.read_text(), re.DOTALL) if "def main" in block
]

Insert = Callable[[Any], Awaitable[int]]


def url(settings: PostgresSettings, scheme: str = "postgresql") -> str:
    assert settings.password is not None
    password = quote(settings.password.get_secret_value(), safe="")
    return f"{scheme}://{settings.user}:{password}@{settings.host}:{settings.port}/{settings.dbname}"


@pytest_asyncio.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    """Two databases with a table of orders; Supabase's is open."""
    found = {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}
    for side in found.values():
        async with await connect(side.owner) as connection:
            await install_switchboard(connection)
            await streams.install_streams(connection)
            await connection.execute(
                "insert into cyphr.switchboard (service, side) values ('database', 'supabase');"
                "create table orders (id bigint generated always as identity primary key, what text)"
            )
            await install_fence(connection, closed=side.side is Side.AWS)
    return found


async def hand_over(sides: dict[Side, TestSide]) -> None:
    async with await connect(sides[Side.SUPABASE].owner) as old, await connect(sides[Side.AWS].owner) as new:
        await close_fence(old, Seat(Side.AWS, 2))
        await lift_fence(new, Seat(Side.AWS, 2), {})


async def orders(side: TestSide) -> int:
    async with await connect(side.owner) as connection:
        row = await (await connection.execute("select count(*) from orders")).fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def with_psycopg(sides: dict[Side, TestSide]) -> AsyncIterator[tuple[dict[str, Any], Insert]]:
    async def insert(connection: Any) -> int:
        return (await connection.execute("insert into orders (what) values ('tea')")).rowcount

    async with AsyncExitStack() as stack:
        pools = {}
        for side, one in sides.items():
            pool = AsyncConnectionPool(kwargs=one.owner.connection_arguments(), min_size=1, open=False)
            pools[str(side)] = PsycopgPool(await stack.enter_async_context(pool))
        yield pools, insert


@asynccontextmanager
async def with_asyncpg(sides: dict[Side, TestSide]) -> AsyncIterator[tuple[dict[str, Any], Insert]]:
    async def insert(connection: Any) -> int:
        return int((await connection.execute("insert into orders (what) values ('tea')")).split()[-1])

    async with AsyncExitStack() as stack:
        pools = {}
        for side, one in sides.items():
            pool = asyncpg.create_pool(url(one.owner), min_size=1, max_size=4)
            pools[str(side)] = AsyncpgPool(await stack.enter_async_context(pool))
        yield pools, insert


def with_sqlalchemy(scheme: str, make: Callable[[Any], Any]) -> Any:
    @asynccontextmanager
    async def opened(sides: dict[Side, TestSide]) -> AsyncIterator[tuple[dict[str, Any], Insert]]:
        async def insert(connection: Any) -> int:
            found = await connection.execute(text("insert into orders (what) values ('tea')"))
            return int(found.rowcount)

        engines = {str(side): create_async_engine(url(one.owner, scheme)) for side, one in sides.items()}
        try:
            yield {side: make(engine) for side, engine in engines.items()}, insert
        finally:
            for engine in engines.values():
                await engine.dispose()

    return opened


_DRIVERS = [
    pytest.param(with_psycopg, id="psycopg"),
    pytest.param(with_asyncpg, id="asyncpg"),
    pytest.param(with_sqlalchemy("postgresql+asyncpg", SqlalchemyEngine), id="SQLAlchemy on asyncpg"),
    pytest.param(with_sqlalchemy("postgresql+psycopg", SqlalchemyEngine), id="SQLAlchemy on psycopg"),
    pytest.param(
        with_sqlalchemy("postgresql+asyncpg", lambda engine: SqlalchemySessions(async_sessionmaker(engine))),
        id="SQLAlchemy sessions",
    ),
]


@pytest.mark.parametrize("driver", _DRIVERS)
async def test_a_unit_of_work_under_way_when_the_database_moves_runs_again_on_the_other_side(
    driver: Any, sides: dict[Side, TestSide]
) -> None:
    async with driver(sides) as (pools, insert):
        databases = Databases(pools)
        runs: list[int] = []

        async def work(connection: Any) -> int:
            runs.append(1)
            if len(runs) == 1:
                await hand_over(sides)  # it has passed the switchboard, and meets the fence
            return await insert(connection)

        assert await databases.run(insert) == 1
        assert await databases.run(work) == 1
        assert (len(runs), databases.side) == (2, "aws")
        # A newcomer that still believes in the old side reads the switchboard there, and does not work on it at all.
        assert await Databases(pools).run(insert) == 1
    assert [await orders(sides[side]) for side in Side] == [1, 2]


@pytest.mark.parametrize("driver", _DRIVERS)
async def test_an_error_of_the_work_itself_is_raised_at_once_and_nothing_is_committed(
    driver: Any, sides: dict[Side, TestSide]
) -> None:
    async with driver(sides) as (pools, insert):
        runs: list[int] = []

        async def work(connection: Any) -> None:
            runs.append(1)
            await insert(connection)
            raise KeyError("ours")

        with pytest.raises(KeyError):
            await Databases(pools).run(work)
        assert runs == [1]
    assert await orders(sides[Side.SUPABASE]) == 0


async def test_while_neither_side_is_open_the_work_waits_and_then_goes_on(sides: dict[Side, TestSide]) -> None:
    async with with_psycopg(sides) as (pools, insert), await connect(sides[Side.SUPABASE].owner) as old:
        await close_fence(old, Seat(Side.AWS, 2))
        working = asyncio.create_task(Databases(pools).run(insert))
        with pytest.raises(NoSideOpen, match=r"0\.2 s"):
            await Databases(pools, patience_seconds=0.2).run(insert)
        assert not working.done()
        async with await connect(sides[Side.AWS].owner) as new:
            await lift_fence(new, Seat(Side.AWS, 2), {})
        assert await working == 1
    assert await orders(sides[Side.AWS]) == 1


async def test_a_side_that_is_out_of_reach_is_not_waited_for_when_the_other_is_open(
    sides: dict[Side, TestSide],
) -> None:
    async with with_psycopg(sides) as (pools, insert):
        await hand_over(sides)
        gone = PsycopgPool(_unreachable(sides[Side.SUPABASE].owner))
        assert await Databases({"supabase": gone, "aws": pools["aws"]}).run(insert) == 1


def _unreachable(settings: PostgresSettings) -> Any:
    """A pool whose server is gone: no connection can be had from it."""

    class Pool:
        def connection(self) -> Any:
            @asynccontextmanager
            async def refused() -> AsyncIterator[Any]:
                yield await psycopg.AsyncConnection.connect(**settings.connection_arguments() | {"port": 1})

            return refused()

    return Pool()


async def test_before_a_migration_begins_the_project_itself_is_open_and_the_empty_target_is_not(
    sides: dict[Side, TestSide],
) -> None:
    for side in sides.values():
        async with await connect(side.owner) as connection:
            await connection.execute("drop schema cyphr cascade")
    async with with_psycopg(sides) as (pools, insert):
        databases = Databases({"aws": pools["aws"], "supabase": pools["supabase"]})
        assert [await databases.run(insert), await databases.run(insert)] == [1, 1]
        async with await connect(sides[Side.SUPABASE].owner) as connection:
            await install_switchboard(connection)
            await connection.execute("insert into cyphr.switchboard (service, side) values ('database', 'aws')")
        async with await connect(sides[Side.AWS].owner) as connection:
            await install_switchboard(connection)
            await connection.execute("insert into cyphr.switchboard (service, side) values ('database', 'aws')")
        assert await databases.run(insert) == 1
    assert [await orders(sides[side]) for side in Side] == [2, 1]


@pytest.mark.parametrize("example", _EXAMPLES, ids=["psycopg", "asyncpg", "SQLAlchemy"])
async def test_an_example_of_the_guide_works(example: str, sides: dict[Side, TestSide]) -> None:
    await hand_over(sides)
    names: dict[str, Any] = {}
    exec(compile(example, str(_GUIDE), "exec"), names)
    assert await names["main"](url(sides[Side.SUPABASE].owner), url(sides[Side.AWS].owner)) == 1
    assert await orders(sides[Side.AWS]) == 1
