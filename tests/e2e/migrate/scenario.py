"""Runs scenarios: a project's schema and the writes of its application, moved to AWS, back, and compared.

A folder holds ``schema.sql`` and ``writes.sql``; a paragraph of the latter is one unit of work. Writers run them in
every phase and note each in a ledger, so that what was acknowledged can be looked up. Where a native subscription can
follow the same publication, it does: in the end it must have the same rows.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from cyphr.foundation.cancellation import end
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Database, Side, Transaction, connect
from cyphr.foundation.switchboard import Switchboard
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.database.schema import compare_schemas
from cyphr.migrate.database.verify.tables import verify_tables
from cyphr.migrate.database.verify.view import View, prepare_to_verify, read_shapes
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import migration_of
from tests.e2e.migrate.traffic import until

T = TypeVar("T")

_LEDGER = "create table public.ledger (id uuid primary key, unit int not null)"
_UNITS_PER_PHASE = 40
_PAUSE_SECONDS = 0.04  # on average; everything shares this machine
_PATIENCE_SECONDS = 60.0
_DEADLOCK = "40P01"  # an application has these too, and tries again


class Writers:
    """Run paragraphs of ``writes.sql`` at random, on whichever side is open, and remember what was acknowledged.

    ``beside``: something else that writes for as long.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        sides: dict[Side, TestSide],
        *,
        writers: int = 3,
        beside: AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        texts = [(folder / "writes.sql").read_text() for folder in folders]
        self._paragraphs = [one for text in texts for one in text.split("\n\n") if one.strip()]
        self._switchboard = Switchboard({side: Database(side, sides[side].owner, pool_size=writers) for side in Side})
        self._count = writers
        self._beside = beside or nullcontext()
        self._stack = AsyncExitStack()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged: dict[UUID, int] = {}

    async def __aenter__(self) -> "Writers":
        await self._switchboard.open()
        await self._stack.enter_async_context(self._beside)
        self._tasks = [asyncio.create_task(self._write(random.Random(seed))) for seed in range(self._count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._stack.aclose()
        finally:
            await self._switchboard.close()

    async def phase(self, name: str) -> None:
        """Let the writers do a good deal of work now. Raises what stopped one of them."""
        goal = len(self.acknowledged) + _UNITS_PER_PHASE

        async def written() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return len(self.acknowledged) >= goal

        try:
            await until(written, 60)
        except TimeoutError as error:
            raise AssertionError(f"the writers came to rest {name}") from error

    async def stop(self) -> None:
        """Let every writer finish its work; nothing is written from here on. Raises what stopped one of them."""
        self._stopping = True
        await asyncio.gather(*self._tasks)
        await self._stack.aclose()

    async def _write(self, dice: random.Random) -> None:
        while not self._stopping:
            unit = dice.randrange(len(self._paragraphs))
            mark = uuid4()

            async def work(transaction: Transaction, unit: int = unit, mark: UUID = mark) -> None:
                await transaction.connection.execute(self._paragraphs[unit].encode())
                await transaction.connection.execute("insert into ledger values (%s, %s)", [mark, unit])

            try:
                await self._switchboard.unit_of_work(None, work)
            except psycopg.Error as error:
                if error.sqlstate != _DEADLOCK:
                    error.add_note(self._paragraphs[unit])
                    raise
            else:
                self.acknowledged[mark] = unit
            await asyncio.sleep(dice.expovariate(1 / _PAUSE_SECONDS))


@asynccontextmanager
async def native_subscription(source: TestSide, oracle: TestSide, schema: str) -> AsyncIterator[None]:
    """A database that PostgreSQL itself keeps up with the publication."""
    reach = make_conninfo(**source.superuser.connection_arguments())  # type: ignore[arg-type]
    async with await connect(oracle.superuser) as connection:
        await connection.execute(schema.encode())
        tables = sql.SQL(", ").join(table.identifier for table in await read_tables(connection))
        await connection.execute(sql.SQL("truncate {} cascade").format(tables))  # the schema alone
        name = sql.Identifier(f"oracle_{oracle.superuser.dbname}")
        await connection.execute(
            sql.SQL("create subscription {} connection {} publication cyphr_migrate").format(name, sql.Literal(reach))
        )
        try:
            yield
        finally:
            await connection.execute(sql.SQL("drop subscription {}").format(name))


async def run_scenarios(
    folders: Sequence[Path],
    sides: dict[Side, TestSide],
    oracle: TestSide | None,
    *,
    filling: str = "",
    exceptions: tuple[str, ...] = (),
    beside: AbstractAsyncContextManager[None] | None = None,
) -> None:
    """Move the projects in ``folders``, in one database, there and back under their own writes; assert that all is
    equal in the end and nothing lost.

    ``filling``: what makes the schema large. ``exceptions``: beginnings of the only differences between the schemas
    that are allowed. ``beside``: something else that writes until both sides are compared.
    """
    schema = ";\n".join([_LEDGER, *((folder / "schema.sql").read_text() for folder in folders)])
    async with await connect(sides[Side.SUPABASE].owner) as source, await connect(sides[Side.AWS].owner) as target:
        await source.execute(schema.encode())
        if filling:
            await source.execute(filling.encode())
        await migration_of(sides).prepare()
        async with Writers(folders, sides, beside=beside) as writers:
            await writers.phase("before the copy")
            migration = migration_of(sides)
            await migration.prepare()
            await migration.copy()
            await writers.phase("after the copy")
            if oracle is None:
                await _there_and_back(migration, writers)
            else:
                async with native_subscription(sides[Side.SUPABASE], oracle, schema):
                    await _there_and_back(migration, writers)
                    await _compare_with_oracle(source, oracle)
        differences = [line for line in await compare_schemas(source, target) if not line.startswith(exceptions)]
        assert not differences, differences
        for side in (source, target):
            cursor = await side.execute("select id, unit from ledger")
            assert dict(await cursor.fetchall()) == writers.acknowledged  # type: ignore[arg-type]


async def _there_and_back(migration: DatabaseMigration, writers: Writers) -> None:
    async def move() -> None:
        for to in (Side.AWS, Side.SUPABASE):
            await writers.phase(f"before the handover to {to}")
            await _demand_equal(migration)
            await _patiently(partial(migration.handover, to))
            await writers.phase(f"after the handover to {to}")
        await writers.stop()
        await _demand_equal(migration)

    tasks = [asyncio.create_task(migration.follow()), asyncio.create_task(move())]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended.pop().result()
    finally:
        await end(*tasks)


async def _patiently(request: Callable[[], Awaitable[T]]) -> T:
    """Ask again, as the migrator does with a request that something is out of reach for at the moment."""
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await request()
        except Unavailable:
            if monotonic() > deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


async def _demand_equal(migration: DatabaseMigration) -> None:
    found = await _patiently(migration.verify)
    assert not found.differences, found.differences


async def _compare_with_oracle(source: AsyncConnection, oracle: TestSide) -> None:
    name = f"oracle_{oracle.superuser.dbname}"

    async def has_caught_up() -> bool:
        cursor = await source.execute(
            "select confirmed_flush_lsn >= %s::pg_lsn from pg_replication_slots where slot_name = %s", [end, name]
        )
        return await cursor.fetchone() == (True,)

    async with await connect(oracle.superuser) as other:
        (end,) = await (await source.execute("select pg_current_wal_lsn()::text")).fetchone() or ("",)
        await until(has_caught_up, 30)
        views = []
        for connection in (source, other):
            await prepare_to_verify(connection)
            views.append(View([connection], await read_shapes(connection), frozenset()))
        found = await verify_tables(*views, await read_tables(source))
        lines = [line for table in found for line in table.lines]
        assert not lines, lines
