"""Cancelling for certain, and work of which nothing goes on when a part of it fails.

In Python 3.11 ``asyncio.wait_for`` passes over a cancellation that meets the end of what it waits for (gh-86296), and
psycopg's pool waits for its connections with it. Both happen in the moment in which a server goes away.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

_AGAIN_SECONDS = 0.5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, however they do; one that passed it over is cancelled again."""
    going = {task for task in tasks if not task.done()}
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains of it


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all coroutines at once; when one fails, the others are cancelled and its error is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        await end(*tasks)
        raise


def stop_if_cancelled() -> None:
    """For loops of a task that cancels itself only once. Raises CancelledError when this task has been cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
