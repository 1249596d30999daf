"""libpq's asynchronous calls, awaited: what psycopg's connections do not offer (COPY as raw blocks, COPY_BOTH)."""

import asyncio
import contextlib

import psycopg
from psycopg import pq


async def wait_readable(pgconn: pq.abc.PGconn, seconds: float | None = None) -> None:
    """Wait until the server sent something, at most ``seconds``."""
    await _wait(pgconn.socket, seconds, writing=False)


async def flush(pgconn: pq.abc.PGconn) -> None:
    """Send everything that is buffered."""
    while pgconn.flush():
        await _wait(pgconn.socket, None, writing=True)


async def run_command(pgconn: pq.abc.PGconn, command: bytes) -> pq.abc.PGresult:
    """Send one command by the simple protocol and return its result, or its first COPY result. Raises psycopg.Error."""
    pgconn.send_query(command)
    await flush(pgconn)
    return await read_result(pgconn)


async def read_result(pgconn: pq.abc.PGconn) -> pq.abc.PGresult:
    """The result of the command under way; its COPY result when it starts copying. Raises psycopg.Error."""
    last: pq.abc.PGresult | None = None
    while True:
        while pgconn.is_busy():
            await wait_readable(pgconn)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            assert last is not None
            return last
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        last = result
        if result.status in (pq.ExecStatus.COPY_BOTH, pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
            return result


async def _wait(socket: int, seconds: float | None, *, writing: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    if writing:
        loop.add_writer(socket, wake)
    else:
        loop.add_reader(socket, wake)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ready
    finally:
        if writing:
            loop.remove_writer(socket)
        else:
            loop.remove_reader(socket)
