"""Either server is lost at every step of a handover and a handback: one side is open in the end, nothing is lost."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.embedded.binaries import binary
from cyphr.embedded.process import terminate
from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import CyphrError, HandoverRefused
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database import streams
from cyphr.migrate.database.handover import fence, sequences
from cyphr.migrate.database.handover.turn import Turn
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.retry import Databases, NoSideOpen
from tests.conftest import Server, TestSide
from tests.e2e.migrate.test_database import following
from tests.e2e.migrate.traffic import until

_STEPS = {
    "the slot of the way back": (streams, "ensure_slot", 1),
    "the arming": (fence, "arm_fence", 1),
    "the fence": (fence, "close_fence", 1),
    "the drain": (Turn, "wait_for_end", 1),
    "the sequences": (sequences, "carry_sequences", 2),
    "the opening": (fence, "lift_fence", 1),
}
_CASES = [(step, moment, lost) for step in _STEPS for moment in ("before", "after") for lost in ("old", "new")]
# This one stands for all in every run; `make soak` tries each.
_ALWAYS = ("the fence", "after", "old")


class Writers:
    """Tasks that insert all the time, run again what is refused, and remember what was acknowledged."""

    def __init__(self, sides: dict[Side, TestSide]) -> None:
        self._databases = Databases(
            {str(side): OneConnection(one) for side, one in sides.items()}, patience_seconds=0.1
        )
        self.acknowledged: set[UUID] = set()
        self.unknown: set[UUID] = set()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._write()) for _ in range(4)]
        try:
            yield
        finally:
            await end(*tasks)

    async def _write(self) -> None:
        while True:
            key = uuid4()
            self.unknown.add(key)
            try:
                await self._databases.run(lambda connection, key=key: insert(connection, key))  # type: ignore[misc]
            except (NoSideOpen, psycopg.Error):
                continue
            self.acknowledged.add(key)


async def insert(connection: AsyncConnection, key: UUID) -> None:
    await connection.execute("insert into notes (key) values (%s)", [key])


class OneConnection:
    """A side of the retry, with a new connection for each transaction: servers come and go here."""

    def __init__(self, side: TestSide) -> None:
        self._side = side

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        # The tests' servers commit asynchronously otherwise, and then an acknowledgement promises nothing.
        arguments = {**self._side.owner.connection_arguments(), "options": "-c synchronous_commit=on"}
        async with (
            await psycopg.AsyncConnection.connect(**arguments, autocommit=True) as connection,
            connection.transaction(),
        ):
            yield connection

    async def value(self, connection: AsyncConnection, query: Any) -> str | None:
        row = await (await connection.execute(query)).fetchone()
        return None if row is None else row[0]


@pytest_asyncio.fixture
async def servers(supabase_server: Server, aws_server: Server) -> AsyncIterator[dict[Side, Server]]:
    found = {Side.SUPABASE: supabase_server, Side.AWS: aws_server}
    yield found
    for server in found.values():
        await revive(server)


async def lose(server: Server) -> None:
    """Stop it as ``pg_ctl stop -m immediate`` does: nobody is told, nothing is written down."""
    await terminate(server.cluster.process, signal.SIGQUIT)
    await server.cluster.stop()


async def revive(server: Server) -> None:
    if server.cluster._process is None:
        await server.cluster.start()


async def copied(sides: dict[Side, TestSide]) -> DatabaseMigration:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("create table notes (id bigint generated always as identity primary key, key uuid unique)")
    migration = DatabaseMigration({side: sides[side].owner for side in Side}, binary(18, "pg_dump").parent)
    await migration.prepare()
    await migration.copy()
    return migration


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[] if case == _ALWAYS else [pytest.mark.soak]) for case in _CASES],
    ids=lambda case: f"{case[2]} server lost {case[1]} {case[0]}",
)
async def test_a_server_lost_in_a_handover_or_a_handback_leaves_one_side_open_and_loses_nothing(
    case: tuple[str, str, str],
    servers: dict[Side, Server],
    supabase_bare: TestSide,
    aws_bare: TestSide,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sides = {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}
    step, moment, lost = case
    migration, writers = await copied(sides), Writers(sides)
    async with following(migration), writers.writing():
        for to in (Side.AWS, Side.SUPABASE):
            victim = servers[to if lost == "new" else to.other]
            await until(lambda: _verifies(migration), 60)
            with monkeypatch.context() as patched:
                crash = Crash(patched, _STEPS[step], moment, victim)
                await asyncio.gather(migration.handover(to), return_exceptions=True)
                await crash.is_over()
            await until(partial(_stands, migration, to), 60)
            acknowledged = len(writers.acknowledged)
            await until(partial(_goes_on, writers, acknowledged), 30)  # so it is open
    async with following(migration):
        await until(lambda: _verifies(migration), 60)
    for side in Side:
        async with await connect(sides[side].owner) as connection:
            cursor = await connection.execute("select key from notes")
            rows = [row[0] for row in await cursor.fetchall()]
        assert len(rows) == len(set(rows))
        assert writers.acknowledged <= set(rows) <= writers.unknown


class Crash:
    """``victim`` is lost just before or after the ``wanted``-th call of a step, and comes back a little later."""

    def __init__(self, patched: pytest.MonkeyPatch, step: tuple[Any, str, int], moment: str, victim: Server) -> None:
        holder, name, self._wanted = step
        self._step, self._moment, self._victim = getattr(holder, name), moment, victim
        self._calls = 0
        self._revival: asyncio.Task[None] | None = None
        crash = self

        async def step_and_crash(*arguments: Any, **options: Any) -> Any:
            return await crash._run(*arguments, **options)

        patched.setattr(holder, name, step_and_crash)

    async def is_over(self) -> None:
        """Wait until the server is back. Fails when it was never lost."""
        assert self._revival is not None, "the step was not reached"
        await self._revival

    async def _run(self, *arguments: Any, **options: Any) -> Any:
        self._calls += 1
        due = self._calls == self._wanted
        if due and self._moment == "before":
            await self._lose()
        result = await self._step(*arguments, **options)
        if due and self._moment == "after":
            await self._lose()
        return result

    async def _lose(self) -> None:
        # In a task of its own: what is done beside this step notices first, and calls the step off.
        lost = asyncio.Event()
        self._revival = asyncio.create_task(self._lose_and_revive(lost))
        await lost.wait()

    async def _lose_and_revive(self, lost: asyncio.Event) -> None:
        await lose(self._victim)
        lost.set()
        await revive(self._victim)


async def _verifies(migration: DatabaseMigration) -> bool:
    try:
        return (await migration.verify()).differences == []
    except (CyphrError, psycopg.Error):
        return False


async def _stands(migration: DatabaseMigration, side: Side) -> bool:
    """Whether the database stands on ``side``; asks for it once more when it does not."""
    try:
        if (await migration.seat()).side is side:
            return True
        if await _verifies(migration):
            await migration.handover(side)
    except (CyphrError, psycopg.Error):
        pass
    return False


async def _goes_on(writers: Writers, count: int) -> bool:
    return len(writers.acknowledged) > count


@pytest.mark.soak
async def test_when_the_new_server_is_lost_before_it_was_to_open_the_old_one_is_open_again_without_it(
    servers: dict[Side, Server], supabase_bare: TestSide, aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = await copied({Side.SUPABASE: supabase_bare, Side.AWS: aws_bare})
    close = fence.close_fence

    async def close_and_lose(*arguments: Any) -> float:
        seconds = await close(*arguments)
        await lose(servers[Side.AWS])
        return seconds

    monkeypatch.setattr(fence, "close_fence", close_and_lose)
    async with following(migration):
        await migration.verify()
        with pytest.raises((CyphrError, psycopg.OperationalError)):
            await migration.handover(Side.AWS)
        async with await connect(supabase_bare.owner) as source:
            await insert(source, uuid4())
        await revive(servers[Side.AWS])
        monkeypatch.undo()
        await until(lambda: _stands(migration, Side.AWS), 60)


@pytest.mark.soak
async def test_a_prepared_transaction_is_named_waited_for_and_never_decided_on(
    servers: dict[Side, Server], supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    server = servers[Side.SUPABASE]
    async with await connect(supabase_bare.superuser) as superuser:
        await superuser.execute("alter system set max_prepared_transactions = 5")
    await server.cluster.stop()
    await server.cluster.start()
    migration = await copied({Side.SUPABASE: supabase_bare, Side.AWS: aws_bare})
    migration._handover._rules = HandoverSettings(long_transactions="end")
    async with await connect(supabase_bare.owner) as source:
        try:
            await source.execute("begin")
            await insert(source, uuid4())
            await source.execute("prepare transaction 'an order'")
            with pytest.raises(HandoverRefused, match="prepared transaction 'an order' of postgres"):
                await migration.make_ready(Side.AWS)
            await source.execute("commit prepared 'an order'")
            assert await migration.make_ready(Side.AWS) == []
        finally:
            async with await connect(supabase_bare.superuser) as superuser:
                await superuser.execute("alter system reset max_prepared_transactions")
