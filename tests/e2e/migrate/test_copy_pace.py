"""How fast a copy goes: what it may use of the servers, how fast it may be, and how long it says it will take."""

import asyncio

import pytest
from psycopg import AsyncConnection

from cyphr.embedded.binaries import binary
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database import schema
from cyphr.migrate.database.copy import wal
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import until

_RATE = 1024 * 1024
_IN_FLIGHT = 2 * 256 * 1024  # a block of each worker
_FLUSHED_TOGETHER = 1024 * 1024  # wal_writer_flush_after
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


async def test_the_wal_of_a_copy_is_flushed_although_nothing_is_committed_yet(aws_bare: TestSide) -> None:
    async with await connect(aws_bare.superuser) as superuser, await connect(aws_bare.owner) as writer:
        await superuser.execute("alter system set wal_writer_delay = '10s'")
        try:
            await superuser.execute("select pg_reload_conf()")
            async with wal.flushed_often(aws_bare.owner), writer.transaction():
                await writer.execute("create table large as select repeat('x', 100) from generate_series(1, 50000)")

                async def flushed() -> bool:
                    cursor = await superuser.execute("select %s::pg_lsn - pg_current_wal_flush_lsn()", [end])
                    (missing,) = await cursor.fetchone() or (None,)
                    return missing < 2 * _FLUSHED_TOGETHER

                (end,) = await (await writer.execute("select pg_current_wal_insert_lsn()::text")).fetchone() or ("",)
                await until(flushed, 5)
        finally:
            await superuser.execute("alter system reset wal_writer_delay")
            await superuser.execute("select pg_reload_conf()")


async def test_an_index_is_built_by_as_many_processes_as_have_no_rows_to_copy(
    supabase_bare: TestSide, aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    helped: dict[str, object] = {}
    run_step = schema.Restorer.run_step

    async def seen(restorer: schema.Restorer, step: str, script: str, *, helpers: int | None = None) -> None:
        if not step.startswith("indexes of"):
            return await run_step(restorer, step, script, helpers=helpers)
        noted = f"helped_{step.rsplit('.')[-1]}"
        note = f";create table {noted} as select current_setting('max_parallel_maintenance_workers')::int"
        await run_step(restorer, step, script + note, helpers=helpers)
        async with await connect(aws_bare.owner) as target:
            cursor = await target.execute(f"select * from {noted}".encode())
            helped[noted] = (await cursor.fetchone() or (None,))[0]
        return None

    monkeypatch.setattr(schema.Restorer, "run_step", seen)
    async with await connect(supabase_bare.owner) as source:
        for number, rows in enumerate((1, 1000)):
            await source.execute(f"create table t{number} (id int primary key, body text)".encode())
            fill = f"insert into t{number} select n, repeat(md5(n::text), 30) from generate_series(1, {rows}) n"
            await source.execute(fill.encode())
    sides = {Side.SUPABASE: supabase_bare.owner, Side.AWS: aws_bare.owner}
    options = CopyOptions(workers=2, bytes_per_second=_RATE)
    migration = DatabaseMigration(sides, binary(18, "pg_dump").parent, copy_options=options)
    await migration.prepare()
    await migration.copy()
    assert helped == {"helped_t0": 0, "helped_t1": 1}
