"""What takes its time, and a server that is briefly away, is waited for; what stays away is answered with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from psycopg import sql

from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.conductor import Conductor, ask
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow import applier
from cyphr.migrate.database.handover import locks
from cyphr.migrate.database.verify import verifier
from cyphr.migrate.database.verify.tables import verify_tables
from cyphr.migrate.database.verify.view import View
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.migrate.journal import Journal
from tests.conftest import Server, TestSide
from tests.e2e.migrate.test_crashes import is_following
from tests.e2e.migrate.test_database import copied, following, migration_of
from tests.e2e.migrate.test_lost_servers import lose, revive
from tests.e2e.migrate.traffic import until

_SCHEMA = """
create table parents (id int primary key);
create table children (id int primary key, parent int references parents);
insert into parents values (1)
"""


@pytest_asyncio.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    async with await connect(supabase_bare.owner) as source:
        await source.execute(_SCHEMA)
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def test_a_comparison_waits_for_the_rest_of_the_schema_and_the_status_says_so(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applier, "_STILL_SECONDS", 0.1)
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.AWS].superuser) as other:

        async def is_shown() -> bool:
            return "foreign keys" in str((await migration.progress())["busy_with"])

        async with other.transaction():
            await other.execute("lock table children in row exclusive mode")
            verifying = asyncio.create_task(migration.verify())
            await until(is_shown)
            await asyncio.wait({verifying}, timeout=1)  # ten times what a stream may stand still
            assert not verifying.done()
        assert (await verifying).differences == []
        assert (await migration.progress())["busy_with"] is None


async def test_a_copy_ends_although_slow_statements_of_the_application_follow_each_other_without_a_gap(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_ATTEMPTS", 2)  # else it is tried for seven seconds first

    async def write(delay: float) -> None:
        async with await connect(sides[Side.SUPABASE].owner) as connection:
            await connection.execute("select pg_sleep(%s)", [delay])
            while True:
                async with connection.transaction():
                    await connection.execute("update parents set id = id where id = -1")
                    await connection.execute("select pg_sleep(0.2)")

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(number / 20)) for number in range(4)]
        migration = await copied(sides)
        for writer in writers:
            writer.cancel()
    async with following(migration):
        assert (await migration.verify()).differences == []


@asynccontextmanager
async def migrator(sides: dict[Side, TestSide]) -> AsyncIterator[Journal]:
    """A migrator of the database alone, following."""
    async with Journal.open(sides[Side.AWS].owner) as journal:
        conductor = Conductor(journal, [migration_of(sides)], Hooks(HandoverSettings(), AwsSettings()))
        task = asyncio.create_task(conductor.run())
        try:
            await until(lambda: is_following(journal), 60)
            yield journal
        finally:
            await end(task)


@pytest_asyncio.fixture(params=[Side.SUPABASE, pytest.param(Side.AWS, marks=pytest.mark.soak)])
async def server(
    request: pytest.FixtureRequest, supabase_server: Server, aws_server: Server, sides: dict[Side, TestSide]
) -> AsyncIterator[Server]:
    """The server of one side; it is up again at the end."""
    found = {Side.SUPABASE: supabase_server, Side.AWS: aws_server}[request.param]
    yield found
    await revive(found)


async def test_a_request_outlives_a_server_that_is_away_for_a_moment(
    server: Server, sides: dict[Side, TestSide]
) -> None:
    async with migrator(sides) as journal:
        await ask(journal, "verify", "database")
        asking = asyncio.create_task(ask(journal, "handover", "database"))

        async def is_taken_up() -> bool:
            return await journal.next_request() is not None

        await until(is_taken_up)
        await lose(server)
        await asyncio.wait({asking}, timeout=1)
        await revive(server)
        await asking
        assert (await ask(journal, "verify", "database"))["differences"] == []
        async with await connect(sides[Side.AWS].owner) as target:
            await target.execute("insert into parents values (2)")


async def test_a_request_for_a_server_that_stays_away_is_answered_with_what_is_out_of_reach(
    supabase_server: Server, sides: dict[Side, TestSide]
) -> None:
    async with migrator(sides) as journal:
        await lose(supabase_server)
        try:
            with pytest.raises(HandoverRefused) as refused:
                await ask(journal, "handover", "database", patience_seconds=0.3)
        finally:
            await revive(supabase_server)
        assert "the handover of database was tried for 0 s, and what it needs was out of reach" in refused.value.message
        # In which words depends on how far it is with dying: its last process may still let somebody in, and then end.
        assert f"PostgreSQL at 127.0.0.1:{sides[Side.SUPABASE].owner.port}" in refused.value.message
        assert refused.value.message.endswith("See that it is back, then ask again.")
        assert refused.value.context["code"] == "unavailable"
        await ask(journal, "handover", "database")


async def test_a_comparison_gives_way_to_who_waits_for_a_table_that_it_has_read(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_read, locked = asyncio.Event(), asyncio.Event()

    async def compare(source: View, target: View, tables: list[Table], **limits: Any) -> Any:
        if not has_read.is_set():
            (parents,) = (table for table in tables if table.name == "parents")
            await target.scan(parents, sql.SQL("select count(*) from {table}"))
            has_read.set()
            await locked.wait()
        return await verify_tables(source, target, tables, **limits)

    async def take_parents() -> None:
        async with await connect(sides[Side.AWS].superuser) as another, another.transaction():
            await another.execute("lock table parents in access exclusive mode")

    monkeypatch.setattr(verifier, "verify_tables", compare)
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.AWS].superuser) as other:
        verifying = asyncio.create_task(migration.verify())
        await has_read.wait()
        async with asyncio.timeout(60), other.transaction():
            await other.execute("lock table children in access exclusive mode")
            locked.set()
            # As the applier with a TRUNCATE: it waits for the comparison, which waits for what is let go of afterwards.
            await take_parents()
        assert (await verifying).differences == []
