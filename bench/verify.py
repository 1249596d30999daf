"""Comparing two databases, PostgreSQL 16 → 18: all of it beside a bare scan that only sums hashes, one core a side.

whole: everything that `cyphr migrate verify` does while both sides are followed, in turn with
`select sum(hash_record_extended(m, 0))` on both sides at once, which compares nothing and equates 1.0 with 1.00.
touched: comparing the rows with so many keys, as it is done under the fence of a handover.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from psycopg import AsyncConnection

from bench.migrator import Migrator
from bench.rounds import Contender, compare, in_turn, percentile, publish, spread
from bench.servers import SETTINGS, Server, servers, value
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.keys import verify_touched
from cyphr.migrate.database.verify.view import View, prepare_to_verify, read_shapes

_queries = load_queries("bench", "verify.sql")


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench verify", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each, in turn")
    parser.add_argument("--keys", type=int, default=1_000, help="changed rows that are compared under the fence")
    options = parser.parse_args(arguments)
    async with servers(16, 18) as (source, target), AsyncExitStack() as stack:
        about = {
            "rows": options.rows, "PostgreSQL": f"{await source.version()} → {await target.version()}", **SETTINGS,
        }  # fmt: skip
        async with await connect(source.database) as connection:
            await connection.execute(_queries.make_messages)
            await connection.execute(_queries.fill_messages, {"rows": options.rows})
        migrator = await stack.enter_async_context(Migrator.start(source, target, programs=18, workers=1))
        for command in ("prepare", "copy", "follow", "verify"):
            await migrator.do(command)
        for server in (source, target):
            async with await connect(server.database) as connection:
                await connection.execute(_queries.settle_messages)
        await _whole(migrator, source, target, options, about)
        await _touched(source, target, options, about)


async def _whole(
    migrator: Migrator, source: Server, target: Server, options: argparse.Namespace, about: dict[str, Any]
) -> None:
    async def ours() -> float:
        started = monotonic()
        found = await migrator.do("verify")
        assert (found["checked"], found["differences"]) == (options.rows, [])
        return monotonic() - started

    async with await connect(source.database) as one, await connect(target.database) as other:
        for connection in (one, other):
            await connection.execute(_queries.one_core)

        async def bare() -> float:
            started = monotonic()
            sums = await asyncio.gather(*(value(connection, _queries.bare_scan) for connection in (one, other)))
            assert sums[0] == sums[1]
            return monotonic() - started

        contenders = [Contender("cyphr", ours), Contender("bare scan", bare)]
        found = await in_turn(contenders, options.pairs)
    compare("verify: seconds", contenders, found, "s", about)
    rates = {name: [options.rows / seconds / 1000 for seconds in numbers] for name, numbers in found.items()}
    rows = [[name, spread(numbers, digits=0)] for name, numbers in rates.items()]
    publish("verify: thousand rows a second and core", ["", "krows/s"], rows, rates, about)


async def _touched(source: Server, target: Server, options: argparse.Namespace, about: dict[str, Any]) -> None:
    times = []
    async with await connect(source.database) as one, await connect(target.database) as other:
        [table] = [each for each in await read_tables(one) if each.name == "messages"]
        cursor = await one.execute(_queries.some_keys, {"keys": options.keys})
        touched = Touched()
        for row in await cursor.fetchall():
            touched.row(table, row)
        ours, theirs = await _view(one), await _view(other)
        for _ in range(20 * options.pairs):
            started = monotonic()
            [found] = await verify_touched(ours, theirs, [table], touched)
            times.append((monotonic() - started) * 1000)
            assert (found.rows, found.lines) == (options.keys, [])
    numbers = {"ms": times}
    rows = [[f"{options.keys} keys", spread(times), f"{percentile(times, 99):.1f}"]]
    publish("verify: what changed, under the fence", ["", "ms", "p99 ms"], rows, numbers, about)


async def _view(connection: AsyncConnection) -> View:
    await prepare_to_verify(connection)
    return View([connection], await read_shapes(connection))
