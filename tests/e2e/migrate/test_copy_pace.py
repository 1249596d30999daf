"""How fast a copy goes when it is told how fast it may, and what it says of the time that is left."""

import asyncio

from psycopg import AsyncConnection

from cyphr.embedded.binaries import binary
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import TestSide

_RATE = 1024 * 1024
_IN_FLIGHT = 2 * 256 * 1024  # a block of each worker
_TABLES = 4
# Never analysed, so that the server has no count of its rows.
_FILL = """
create table t{0} (id int primary key, body text);
insert into t{0} select n, repeat(md5(n::text), 30) from generate_series(1, 1000) n
"""


async def copied_by(target: AsyncConnection, begun: object) -> list[tuple[float, int]]:
    """(seconds since ``begun`` by the server's clock, bytes of all tables that were there by then)."""
    cursor = await target.execute(
        "select extract(epoch from finished_at - %s)::float8, sum(bytes) over (order by finished_at)::bigint"
        " from cyphr.copied order by finished_at",
        [begun],
    )
    return [(seconds, size) for seconds, size in await cursor.fetchall()]


async def test_a_copy_keeps_to_its_rate_and_tells_how_long_it_will_take(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    sides = {Side.SUPABASE: supabase_bare.owner, Side.AWS: aws_bare.owner}
    async with await connect(supabase_bare.owner) as source, await connect(aws_bare.owner) as target:
        for number in range(_TABLES):
            await source.execute(_FILL.format(number).encode())
        options = CopyOptions(workers=2, bytes_per_second=_RATE)
        migration = DatabaseMigration(sides, binary(18, "pg_dump").parent, copy_options=options)
        await migration.prepare()
        (begun,) = await (await target.execute("select clock_timestamp()")).fetchone() or (None,)
        copying = asyncio.create_task(migration.copy())
        told: list[tuple[float, float]] = []
        while not copying.done():
            progress = await migration.progress()
            # Early on, an estimate is hardly better than a guess; and what is left must be worth telling.
            if progress["eta_seconds"] is not None and 0.3 < progress["rows_copied"] / (1000 * _TABLES) < 0.9:
                told.append((monotonic(), progress["eta_seconds"]))
            await asyncio.wait({copying}, timeout=0.05)
        await copying
        ended = monotonic()
        for seconds, size in await copied_by(target, begun):
            assert size - _IN_FLIGHT <= _RATE * seconds
        assert (await migration.progress())["eta_seconds"] is None
        assert told, "it never said how long it would take"
        for moment, eta in told:
            assert (ended - moment) / 4 <= eta + 0.2 <= 4 * (ended - moment + 1)
