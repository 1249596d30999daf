"""Handovers and handbacks of a database under writes, PostgreSQL 16 → 18: how long anybody waits, and what is lost.

A write's wait is counted from when it was due until its acknowledgement. A move's is the longest of all writes that
were under way from its start (the comparison before it included) until half a second after its end. At the end every
acknowledged write is looked for on both sides.
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.migrator import Migrator
from bench.rounds import percentile, publish, say
from bench.servers import SETTINGS, Server, servers
from bench.writers import Writers
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries

_queries = load_queries("bench")
_AFTERWARDS_SECONDS = 0.5
_TIMES = ("fence_ms", "drain_ms", "check_ms", "open_ms", "blocked_ms")


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench handover", description=__doc__)
    parser.add_argument("--moves", type=int, default=20, help="handovers and handbacks together")
    parser.add_argument("--rate", type=float, default=200.0, help="units of work a second of all writers")
    parser.add_argument("--writers", type=int, default=8)
    options = parser.parse_args(arguments)
    async with servers(16, 18) as (source, target):
        about = {
            "moves": options.moves, "transactions/s": options.rate, "writers": options.writers,
            "PostgreSQL": f"{await source.version()} → {await target.version()}", **SETTINGS,
        }  # fmt: skip
        async with await connect(source.database) as connection:
            await connection.execute(_queries.make_written)
        async with Migrator.start(source, target, programs=18, workers=2) as migrator:
            await migrator.do("prepare")
            async with Writers.at_work(source, target, count=options.writers, rate=options.rate) as writers:
                await migrator.do("copy")
                await migrator.do("follow")
                found = await _move_about(migrator, writers, options.moves)
            differences = (await migrator.do("verify"))["differences"]
        outcome = await _outcome(writers, source, target, differences)
    _print(found, outcome, about)


async def _move_about(migrator: Migrator, writers: Writers, moves: int) -> dict[str, dict[str, list[float]]]:
    """name of the move → name of the number → milliseconds of each move."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(moves):
        name, to = ("handover", "aws") if number % 2 == 0 else ("handback", "supabase")
        quiet = monotonic()
        await asyncio.sleep(_AFTERWARDS_SECONDS)
        started = monotonic()
        await migrator.do("verify")
        timing = await migrator.do(to)
        await asyncio.sleep(_AFTERWARDS_SECONDS)
        waits = writers.waits_between(started, monotonic())
        found[name]["longest wait of a write"].append(max(waits))
        found[name]["the same without a move"].append(max(writers.waits_between(quiet, started), default=0.0))
        for time in _TIMES:
            found[name][time.removesuffix("_ms")].append(timing[time])
        say(f"{name} {number + 1} of {moves}: {found[name]['longest wait of a write'][-1]:.1f} ms")
    return found


async def _outcome(writers: Writers, source: Server, target: Server, differences: list[str]) -> dict[str, Any]:
    audits = [await writers.lost_and_doubled(server) for server in (source, target)]
    return {
        "acknowledged": len(writers.tokens),
        "failed": len(writers.failures),
        "lost": sum(lost for lost, _ in audits),
        "doubled": sum(doubled for _, doubled in audits),
        "differences": len(differences),
    }


def _print(found: dict[str, dict[str, list[float]]], outcome: dict[str, Any], about: dict[str, Any]) -> None:
    rows = [
        [name, what, f"{percentile(numbers, 50):.1f}", f"{percentile(numbers, 99):.1f}", f"{max(numbers):.1f}"]
        for name, columns in found.items()
        for what, numbers in columns.items()
    ]
    publish("handover", ["move", "ms", "p50", "p99", "max"], rows, {**found, **outcome}, {**outcome, **about})
