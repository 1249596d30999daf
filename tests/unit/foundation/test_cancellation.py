"""Tasks end when they are cancelled, whatever they were waiting for."""

import asyncio

import pytest

from cyphr.foundation.cancellation import end, stop_if_cancelled


async def wait_twice(first: asyncio.Future[None]) -> None:
    await asyncio.wait_for(first, 60)
    await asyncio.sleep(60)


async def test_a_cancellation_that_meets_the_end_of_a_wait_is_not_passed_over() -> None:
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(wait_twice(first))
    await asyncio.sleep(0)
    first.set_result(None)
    async with asyncio.timeout(10):
        await end(task)
    assert task.cancelled()


async def test_a_task_that_has_failed_already_is_left_at_that() -> None:
    async def fail() -> None:
        raise ValueError("no")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await end(task)
    assert isinstance(task.exception(), ValueError)


async def test_a_loop_learns_that_it_was_cancelled_although_nothing_was_raised() -> None:
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def go_round() -> None:
        while True:
            stop_if_cancelled()
            await asyncio.wait_for(first, 60)
            await asyncio.sleep(0)

    task = asyncio.create_task(go_round())
    await asyncio.sleep(0)
    first.set_result(None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task
