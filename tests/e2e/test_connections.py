"""Connections that die are noticed, and by nobody who need not."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import psutil
import pytest
import pytest_asyncio

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.postgres import Database, Side, Transaction, connect
from cyphr.foundation.switchboard import Switchboard
from cyphr.migrate.database.copy.reader import Reader
from cyphr.migrate.journal import Journal
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import until


@pytest_asyncio.fixture
async def switchboard(supabase: TestSide) -> AsyncIterator[Switchboard]:
    switchboard = Switchboard({Side.SUPABASE: Database(Side.SUPABASE, supabase.owner, pool_size=4)})
    await switchboard.open()
    yield switchboard
    await switchboard.close()


async def test_connections_that_died_while_nobody_used_them_are_noticed_by_nobody(
    supabase: TestSide, switchboard: Switchboard
) -> None:
    await switchboard.unit_of_work(None, _insert)
    await _end_connections(supabase)
    await switchboard.unit_of_work(None, _insert)
    assert await _count(supabase) == 2


async def test_work_whose_connection_breaks_before_its_commit_is_done_once_more(
    supabase: TestSide, switchboard: Switchboard
) -> None:
    tries = 0

    async def work(transaction: Transaction) -> None:
        nonlocal tries
        tries += 1
        await _insert(transaction)
        if tries == 1:
            await _end_connections(supabase)
        await _insert(transaction)

    await switchboard.unit_of_work(None, work)
    assert (tries, await _count(supabase)) == (2, 2)


async def test_whoever_fails_for_a_reason_of_their_own_is_not_asked_again(
    supabase: TestSide, switchboard: Switchboard
) -> None:
    tries = 0

    async def work(transaction: Transaction) -> None:
        nonlocal tries
        tries += 1
        await _insert(transaction)
        raise InvalidInput("not this")

    with pytest.raises(InvalidInput):
        await switchboard.unit_of_work(None, work, repeatable=True)
    assert (tries, await _count(supabase)) == (1, 0)


async def _end_connections(side: TestSide) -> None:
    """As a restart of the server ends them."""
    async with await connect(side.superuser) as connection:
        cursor = await connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert len(await cursor.fetchall()) >= 1


async def _count(side: TestSide) -> int:
    async with await connect(side.owner) as connection:
        cursor = await connection.execute("select count(*) from waitlist where source = 'switchboard'")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _insert(transaction: Transaction) -> None:
    await transaction.execute(
        "insert into waitlist (email, source) values (%(email)s, 'switchboard')", email=f"{uuid4()}@example.org"
    )


async def test_a_connection_asks_whether_the_other_end_is_still_there(supabase: TestSide) -> None:
    async with await connect(supabase.owner) as connection:
        parameters = connection.info.get_parameters()
        seconds = int(parameters["keepalives_idle"]) + int(parameters["keepalives_interval"]) * int(
            parameters["keepalives_count"]
        )
    assert seconds <= 30


async def test_a_connection_that_is_given_up_while_it_is_made_is_closed(supabase: TestSide) -> None:
    ours = psutil.Process()

    def count() -> int:
        return sum(bool(to.raddr and to.raddr.port == supabase.owner.port) for to in ours.net_connections("tcp"))

    async def are_closed() -> bool:
        return count() <= before

    before = count()
    given_up = []  # kept, and with them what they hold: nothing is closed because nobody refers to it
    for steps in range(12):
        connecting = asyncio.create_task(connect(supabase.owner))
        for _ in range(steps):
            await asyncio.sleep(0)
        connecting.cancel()
        given_up.append(connecting)
    await asyncio.wait(given_up)
    assert any(connecting.cancelled() for connecting in given_up)
    await until(are_closed)


async def test_an_operator_sees_whose_a_session_is(
    supabase: TestSide, switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(transaction: Transaction) -> str | None:
        return await transaction.fetch_value("select current_setting('application_name')")

    assert await switchboard.unit_of_work(None, work) == "cyphr messenger"
    async with await connect(supabase.owner) as connection:
        assert connection.info.parameter_status("application_name") == "cyphr"
        async with Journal.open(supabase.owner), Reader.open(supabase.owner):
            cursor = await connection.execute(
                "select distinct application_name from pg_stat_activity"
                " where backend_type = 'client backend' and datname = current_database() order by 1"
            )
            assert await cursor.fetchall() == [("cyphr",), ("cyphr messenger",)], "nobody of ours has no name"
    monkeypatch.setenv("PGAPPNAME", "the nightly check")
    async with await connect(supabase.owner) as connection:
        assert connection.info.parameter_status("application_name") == "the nightly check"
