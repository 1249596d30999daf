"""What a pool does about queries that take long, and what it tells of them."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import pytest

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Database, PoolLimits, Side, Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from tests.conftest import TestSide

_queries = load_queries("cyphr.messenger.messages")


@asynccontextmanager
async def switchboard_with(side: TestSide, limits: PoolLimits, metrics: Metrics) -> AsyncIterator[Switchboard]:
    database = Database(Side.AWS, side.app, pool_size=1, limits=limits, metrics=metrics)
    switchboard = Switchboard({Side.AWS: database})
    await switchboard.open()
    try:
        yield switchboard
    finally:
        await switchboard.close()


async def test_a_slow_query_is_told_once_a_minute_by_name_with_its_plan_and_without_its_parameters(
    aws: TestSide, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    chat = "0192f000-0000-7000-8000-00000000000c"

    async def look(transaction: Transaction) -> None:
        await transaction.execute(_queries.find_last_change, chat_id=chat)

    async with switchboard_with(aws, PoolLimits(slow_seconds=0), metrics) as switchboard:
        with caplog.at_level(logging.WARNING, "cyphr.foundation.query_log"):
            await switchboard.unit_of_work(None, look)
            await switchboard.unit_of_work(None, look)
    (told,) = caplog.records
    context = told.__dict__["context"]
    assert context["query"] == "cyphr.messenger.messages/queries.sql:find_last_change"
    assert context["milliseconds"] > 0
    assert "on chats" in context["plan"][0]
    assert chat not in str(context)
    caplog.clear()
    with caplog.at_level(logging.INFO, "cyphr.foundation.metrics"):
        metrics.flush()
    line = caplog.records[0].__dict__["context"]
    assert line["SlowQueries"] == 2
    assert len(line["QueryMilliseconds"]) == 2
    assert {"AwsPoolAvailable", "AwsPoolWaiting"} <= set(line)


async def test_a_query_that_cannot_be_explained_does_not_end_the_work(
    aws: TestSide, caplog: pytest.LogCaptureFixture
) -> None:
    unexplained: LiteralString = "set local work_mem = '5MB'"

    async def work(transaction: Transaction) -> str:
        await transaction.execute(unexplained)
        return str(await transaction.fetch_value("show work_mem"))

    async with switchboard_with(aws, PoolLimits(slow_seconds=0), Metrics()) as switchboard:
        assert await switchboard.unit_of_work(None, work) == "5MB"
    assert caplog.records[0].__dict__["context"]["query"] == unexplained
    assert caplog.records[0].__dict__["context"]["plan"] == []


async def test_a_statement_that_takes_too_long_is_ended_and_its_caller_told(aws: TestSide) -> None:
    async def sleep(transaction: Transaction) -> None:
        await transaction.execute("select pg_sleep(60)")

    async def look(transaction: Transaction) -> int:
        return int(await transaction.fetch_value("select 1"))

    async with switchboard_with(aws, PoolLimits(statement_seconds=0.1), Metrics()) as switchboard:
        with pytest.raises(Unavailable, match="did not finish in time"):
            await switchboard.unit_of_work(None, sleep)
        assert await switchboard.unit_of_work(None, look) == 1  # the only connection of the pool is of use again
