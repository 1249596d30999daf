"""Following changes, PostgreSQL 16 → 18: ours beside the native subscription, on the same servers in turn.

rate: a backlog of single-row transactions (two inserts, an update, a delete …) is made while nobody reads the slot;
measured is the time from then on until its last row is visible on the target.
lag: under a steady load, a row is written to the source every so often; measured is the time from the acknowledgement
of its commit until it is visible on the target.
"""

import argparse
import asyncio
import itertools
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, sql

from bench.migrator import Migrator
from bench.peers import command
from bench.rounds import Contender, compare, in_turn, percentile, publish, spread
from bench.servers import SETTINGS, Server, servers, value
from cyphr.embedded.binaries import binary
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries

_queries = load_queries("bench")
_LOAD = Path(__file__).with_name("load.pgbench")
_DRAIN_SECONDS = 600.0
_POLL_SECONDS = 0.001
_PROBE_PAUSE_SECONDS = 0.02

Begin = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Follower:
    """``prepared(source, target)`` makes equal rows and a slot; nothing is followed until what it yields is called."""

    name: str
    prepared: Callable[[Server, Server], AbstractAsyncContextManager[Begin]]


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench follow", description=__doc__)
    parser.add_argument("--transactions", type=int, default=50_000, help="length of the backlog; 0: no rate")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each, in turn")
    parser.add_argument("--rate", type=int, default=500, help="transactions a second while the lag is measured")
    parser.add_argument("--seconds", type=int, default=10, help="how long the lag is measured in each run; 0: no lag")
    parser.add_argument("--ours-only", action="store_true", help="leave the peer out")
    options = parser.parse_args(arguments)
    followers = [
        Follower("cyphr", _cyphr),
        # As PostgreSQL makes it: a crash of the target loses commits, which the slot then sends again.
        Follower("native subscription", partial(_native, "off")),
        Follower("native subscription, synchronous_commit on", partial(_native, "on")),
    ][: 1 if options.ours_only else None]
    async with servers(16, 18) as (source, target):
        about = {"PostgreSQL": f"{await source.version()} → {await target.version()}", **SETTINGS}
        bench = _Following(source, target)
        if options.transactions:
            await bench.rate(followers, options.transactions, options.pairs, about)
        if options.seconds:
            await bench.lag(followers, options.rate, options.seconds, options.pairs, about)


class _Following:
    """The measurements on one pair of servers."""

    def __init__(self, source: Server, target: Server) -> None:
        self._source = source
        self._target = target
        self._probes = itertools.count(1)

    async def rate(self, followers: Sequence[Follower], transactions: int, pairs: int, about: dict[str, Any]) -> None:
        contenders = [Contender(each.name, partial(self._drain, each, transactions)) for each in followers]
        found = await in_turn(contenders, pairs)
        compare("follow: rate", contenders, found, "transactions/s", {"transactions": transactions, **about})

    async def lag(
        self, followers: Sequence[Follower], rate: int, seconds: int, pairs: int, about: dict[str, Any]
    ) -> None:
        numbers: dict[str, dict[str, list[float]]] = {each.name: defaultdict(list) for each in followers}

        async def measure(follower: Follower) -> float:
            lags = await self._lags(follower, rate, seconds)
            found = {"p50 ms": percentile(lags, 50), "p99 ms": percentile(lags, 99), "max ms": max(lags)}
            for name, number in {**found, "rows probed": len(lags)}.items():
                numbers[follower.name][name].append(round(number, 2))
            return found["p99 ms"]

        await in_turn([Contender(each.name, partial(measure, each)) for each in followers], pairs)
        rows = [[name, *map(spread, columns.values())] for name, columns in numbers.items()]
        head = ["", *next(iter(numbers.values()))]
        publish("follow: lag", head, rows, numbers, {"transactions/s": rate, "seconds": seconds, **about})

    async def _drain(self, follower: Follower, transactions: int) -> float:
        async with self._ready(follower) as (begin, source, target):
            await source.execute("set synchronous_commit = off")  # the backlog is only made, not measured
            await source.execute(_queries.write_backlog, {"transactions": transactions})
            await source.execute("set synchronous_commit = on")
            last = await self._probe(source)
            await self._source.settle()
            started = monotonic()
            await begin()
            async with asyncio.timeout(_DRAIN_SECONDS):
                await _visible(target, last)
            seconds = monotonic() - started
            assert await value(target, _queries.sum_of_events) == await value(source, _queries.sum_of_events)
            return transactions / seconds

    async def _lags(self, follower: Follower, rate: int, seconds: int) -> list[float]:
        """Milliseconds, of every row probed."""
        found = []
        async with self._ready(follower) as (begin, source, target), asyncio.TaskGroup() as group:
            await begin()
            await _visible(target, await self._probe(source))
            load = group.create_task(self._load(rate, seconds))
            while not load.done():
                number = await self._probe(source)
                written = monotonic()
                await _visible(target, number)
                found.append((monotonic() - written) * 1000)
                await asyncio.sleep(_PROBE_PAUSE_SECONDS)
        return found

    @asynccontextmanager
    async def _ready(self, follower: Follower) -> AsyncIterator[tuple[Begin, AsyncConnection, AsyncConnection]]:
        await self._source.renew()
        await self._target.renew()
        async with await connect(self._source.database) as source:
            await source.execute(_queries.make_followed)
            async with (
                follower.prepared(self._source, self._target) as begin,
                await connect(self._target.database) as target,
            ):
                yield begin, source, target

    async def _probe(self, source: AsyncConnection) -> int:
        number = next(self._probes)
        await source.execute(_queries.probe, {"id": number})
        return number

    async def _load(self, rate: int, seconds: int) -> None:
        arguments = self._source.database.connection_arguments()
        places = [f"--host={arguments['host']}", f"--port={arguments['port']}", f"--username={arguments['user']}"]
        load = [f"--rate={rate}", f"--time={seconds}", "--client=4", "--no-vacuum", f"--file={_LOAD}"]
        environment = os.environ | {"PGPASSWORD": arguments["password"]}
        await command([binary(18, "pgbench"), *places, *load, arguments["dbname"]], environment)


async def _visible(target: AsyncConnection, number: int) -> None:
    while await value(target, _queries.is_probe_here, number) is None:
        await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def _cyphr(source: Server, target: Server) -> AsyncIterator[Begin]:
    async with Migrator.start(source, target, programs=18, workers=2) as migrator:
        await migrator.do("prepare")
        await migrator.do("copy")
        yield partial(migrator.do, "follow")


@asynccontextmanager
async def _native(synchronous_commit: str, source: Server, target: Server) -> AsyncIterator[Begin]:
    async with await connect(source.database) as sender, await connect(target.database) as receiver:
        await sender.execute("create publication bench for all tables")
        await receiver.execute(_queries.make_followed)
        subscribe = sql.SQL(
            "create subscription bench connection {} publication bench"
            " with (copy_data = false, enabled = false, synchronous_commit = {})"
        )
        await receiver.execute(subscribe.format(sql.Literal(source.address), sql.Literal(synchronous_commit)))
        try:
            yield partial(receiver.execute, "alter subscription bench enable")
        finally:
            await receiver.execute("drop subscription bench")
