"""What is asked of the sending server beside its stream."""

from collections import deque

from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.migrate.database.follow.pgoutput import Row
from cyphr.migrate.database.follow.statements import Key, Statements
from cyphr.migrate.database.follow.stream import parse_lsn

_SAMPLES = 100_000  # several hours of measurements, a few a second


async def fetch_row(connection: AsyncConnection, statements: Statements, key: Key) -> Row | None:
    """The row of ``key`` as it is now, each value as the stream would send it; None when there is none."""
    text, parameters = statements.select(key)
    cursor = await connection.execute(text.encode(), parameters)
    result = cursor.pgresult
    if result is None or result.ntuples == 0:
        return None
    return tuple(result.get_value(0, position) for position in range(result.nfields))


async def current_lsn(connection: AsyncConnection) -> int:
    """How far the sender has written its WAL."""
    row = await (await connection.execute("select pg_current_wal_lsn()::text")).fetchone()
    assert row is not None
    return parse_lsn(row[0])


class LagMeter:
    """How far the receiver is behind: how long ago the sender was where the receiver is now.

    Only differences of one clock, ours, count. As fine as the measurements are frequent.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float]] = deque(maxlen=_SAMPLES)

    async def measure(self, connection: AsyncConnection, applied_lsn: int) -> tuple[int, float]:
        """Bytes of WAL and seconds. ``connection``: to the sender."""
        written, now = await current_lsn(connection), monotonic()
        self._samples.append((written, now))
        while self._samples and self._samples[0][0] <= applied_lsn:
            self._samples.popleft()
        return max(written - applied_lsn, 0), now - self._samples[0][1] if self._samples else 0.0
