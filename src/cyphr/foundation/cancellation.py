"""Cancelling for certain.

In Python 3.11 ``asyncio.wait_for`` passes over a cancellation that meets the end of what it waits for (gh-86296), and
psycopg's pool waits for its connections with it. Both happen in the moment in which a server goes away.
"""

import asyncio
from typing import Any

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


def stop_if_cancelled() -> None:
    """For loops of a task that cancels itself only once. Raises CancelledError when this task has been cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
