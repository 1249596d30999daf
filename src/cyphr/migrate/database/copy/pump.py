"""Takes rows that were read and puts them into the target's COPY, not faster than allowed."""

import asyncio

from psycopg import pq

from cyphr.foundation.clock import monotonic
from cyphr.migrate.database.wire import flush, read_result, run_command


class Throttle:
    """Keeps all pumps together below a rate. ``bytes_per_second`` None: as fast as they can."""

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


class Pump:
    """One COPY into the target: ``begin``, ``push`` as often as rows come, ``end``. Each raises psycopg.Error.

    Memory: what is pushed at once and what libpq buffers.
    """

    def __init__(self, target: pq.abc.PGconn, throttle: Throttle) -> None:
        self._target = target
        self._throttle = throttle
        self._size = 0

    async def begin(self, into: bytes) -> None:
        """Start the command ``into``."""
        await run_command(self._target, into)

    async def push(self, rows: bytes) -> None:
        """Send what was read, as it is; a buffer may end in the middle of a row."""
        self._target.put_copy_data(rows)
        await flush(self._target)
        self._size += len(rows)
        await self._throttle.pass_(len(rows))

    async def end(self) -> tuple[int, int]:
        """Finish the command; (rows, bytes) that it took."""
        self._target.put_copy_end()
        await flush(self._target)
        return (await read_result(self._target)).command_tuples or 0, self._size
