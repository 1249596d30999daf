"""What an operator is told who asks the running migrator for something."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from psycopg import AsyncConnection

from cyphr.foundation.errors import Conflict, HandoverRefused, Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import until


async def test_a_refusal_reaches_the_operator_in_the_migrators_own_words(aws_bare: TestSide) -> None:
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(Journal.open(aws_bare.owner))
        await stack.enter_async_context(journal.lock())
        asking = asyncio.create_task(ask(journal, "handover", "database"))
        while (request := await journal.next_request()) is None:
            await asyncio.sleep(0.01)
        failure = {"code": "handover_refused", "message": "the tables could not be locked", "long_transactions": ["1"]}
        await journal.finish_request(request, "failed", failure)
        with pytest.raises(HandoverRefused, match="the tables could not be locked") as caught:
            await asking
    assert caught.value.context["long_transactions"] == ["1"]


async def test_without_a_migrator_nothing_is_asked_and_the_next_step_is_named(aws_bare: TestSide) -> None:
    async with Journal.open(aws_bare.owner) as journal:
        with pytest.raises(Unavailable, match="cyphr migrate start"):
            await ask(journal, "handover", "database")
        assert await journal.next_request() is None


async def test_a_migrator_whose_lock_was_lost_with_its_session_takes_it_again(aws_bare: TestSide) -> None:
    async with Journal.open(aws_bare.owner) as journal, journal.lock():
        async with await connect(aws_bare.superuser) as other:
            await _end_lock(other)
        await until(journal.is_migrator_running)


async def test_a_migrator_that_lost_its_lock_to_another_stops(
    aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyphr.migrate.journal._LOCK_ATTEMPTS", 3)
    async with Journal.open(aws_bare.owner) as journal, await connect(aws_bare.superuser) as other:

        async def run() -> None:
            async with journal.lock():
                while not await _take_lock(other):
                    await _end_lock(other)
                await asyncio.wait_for(asyncio.Event().wait(), 30)

        with pytest.raises(Conflict, match="another migrator is running"):
            await run()


async def _end_lock(connection: AsyncConnection) -> None:
    """End the session that holds the migrator's lock."""
    await connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'"
        " and database = (select oid from pg_database where datname = current_database())"
    )


async def _take_lock(connection: AsyncConnection) -> bool:
    cursor = await connection.execute(load_queries("cyphr.migrate.sql").try_lock)
    return await cursor.fetchone() == (True,)
