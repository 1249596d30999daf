"""Pipes COPY out of one server into COPY into another, in large blocks."""

import asyncio
from collections.abc import Callable

from psycopg import pq

from cyphr.foundation.clock import monotonic
from cyphr.migrate.database.wire import flush, read_result, run_command, wait_readable

_BLOCK_BYTES = 256 * 1024


class Throttle:
    """Keeps all pipes together below a rate. ``bytes_per_second`` None: as fast as they can."""

    def __init__(self, bytes_per_second: int | None) -> None:
        self._rate = bytes_per_second
        self._free_at = 0.0

    async def pass_(self, size: int) -> None:
        """Wait until ``size`` more bytes may pass."""
        if self._rate is None:
            return
        now = monotonic()
        self._free_at = max(self._free_at, now) + size / self._rate
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


async def pump(
    source: pq.abc.PGconn,
    target: pq.abc.PGconn,
    out: bytes,
    into: bytes,
    throttle: Throttle,
    on_block: Callable[[int, int], None],
) -> tuple[int, int]:
    """Pipe the COPY command ``out`` into the COPY command ``into``; (rows, bytes). Raises psycopg.Error.

    Memory: one block and what libpq buffers. ``on_block(rows, bytes)`` is told of every block that has passed.
    """
    await run_command(source, out)
    await run_command(target, into)
    size = pending = 0
    block: list[memoryview] = []
    # Every row passes here, so what is looked up for each of them counts.
    receive, append = source.get_copy_data, block.append
    while True:
        length, data = receive(1)
        if length > 0:
            append(data)
            pending += length
            if pending < _BLOCK_BYTES:
                continue
        elif length == 0:
            await wait_readable(source)
            source.consume_input()
            continue
        if block:
            target.put_copy_data(b"".join(block))
            await flush(target)
            on_block(len(block), pending)
            await throttle.pass_(pending)
            size += pending
            pending = 0
            block.clear()
        if length < 0:
            break
    await read_result(source)  # raises what ended the reading early
    target.put_copy_end()
    await flush(target)
    finished = await read_result(target)
    return finished.command_tuples or 0, size
