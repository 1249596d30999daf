"""libpq's asynchronous calls, awaited: what psycopg's connections do not offer (COPY as raw blocks, COPY_BOTH)."""

import asyncio
import contextlib
from collections.abc import Sequence

import psycopg
from psycopg import pq

SESSION_OPTIONS = (
    "-c client_encoding=UTF8 -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex "
    "-c lc_monetary=C -c timezone=UTC -c row_security=off "
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
)
"""What every long-lived session of ours is opened with, whatever its role or database was set to. Every server prints a
value alike; rows that a policy would hide are an error rather than missing; and a limit that is meant for the
application's statements (two minutes, at Supabase) does not end a copy."""


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
            if pgconn.status == pq.ConnStatus.BAD:  # libpq's own words, without an SQLSTATE
                raise psycopg.OperationalError(result.error_message.decode(errors="replace").strip())
            await _drain(pgconn)
            raise psycopg.errors.error_from_result(result)
        last = result
        if result.status in (pq.ExecStatus.COPY_BOTH, pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
            return result


async def _drain(pgconn: pq.abc.PGconn) -> None:
    """Read what follows an error, so that the connection takes the next command."""
    while True:
        while pgconn.is_busy():
            await wait_readable(pgconn)
            pgconn.consume_input()
        if pgconn.get_result() is None:
            return


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


async def copy_in(pgconn: pq.abc.PGconn, statement: bytes, data: bytes) -> None:
    """Run ``COPY … FROM STDIN`` with ``data``. Raises psycopg.Error."""
    await run_command(pgconn, statement)
    pgconn.put_copy_data(data)
    await flush(pgconn)
    pgconn.put_copy_end()
    await flush(pgconn)
    await read_result(pgconn)


class PreparedStatements:
    """Statements of one connection, parsed once, with parameters that are text already."""

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self._pgconn = pgconn
        self._names: dict[bytes, bytes] = {}

    async def run(self, statement: bytes, parameters: Sequence[bytes | None]) -> int:
        """Run ``statement`` and return the number of rows that it touched. Raises psycopg.Error."""
        name = self._names.get(statement)
        if name is None:
            name = f"cyphr_{len(self._names)}".encode()
            self._pgconn.send_prepare(name, statement)
            await flush(self._pgconn)
            await read_result(self._pgconn)
            self._names[statement] = name
        self._pgconn.send_query_prepared(name, parameters)
        await flush(self._pgconn)
        return (await read_result(self._pgconn)).command_tuples or 0
