"""What an operator is told who asks the running migrator for something."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal
from tests.conftest import TestSide


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
