"""Copying a whole database: ours beside pgcopydb and pg_dump, on Debian's PostgreSQL 15.

Each run starts with an empty database on the target and ends when every row, index and constraint is there; every
program may use as many jobs as the others. What is copied: pgbench's accounts, and messages with three indexes.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from typing import LiteralString

from bench.migrator import Migrator
from bench.peers import command, install
from bench.rounds import Contender, compare, in_turn, say
from bench.servers import SETTINGS, Server, drop_slots, servers, value
from cyphr.embedded.binaries import binary
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries

_queries = load_queries("bench")
_MEGABYTES_OF_A_MILLION_ROWS = 210.0  # of which five in seven are accounts
_COUNTS: tuple[LiteralString, ...] = (
    "select count(*) from accounts",
    "select count(*) from messages",
    "select count(*) from pg_index where indisvalid and indrelid in ('accounts'::regclass, 'messages'::regclass)",
)


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench copy", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300, help="size of the database, indexes included")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each, in turn")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="what each program may do at once")
    parser.add_argument("--ours-only", action="store_true", help="leave the peers out")
    options = parser.parse_args(arguments)
    install("pgcopydb")
    async with servers(15, 15) as (source, target):
        size = await _fill(source, options.megabytes)
        bench = _Copying(source, target, options.jobs)
        contenders = bench.contenders()[: 1 if options.ours_only else None]
        found = await in_turn(contenders, options.pairs)
        about = {"MB": round(size), "jobs": options.jobs, "PostgreSQL": await source.version(), **SETTINGS}
    compare("copy", contenders, found, "seconds", about)


async def _fill(source: Server, megabytes: int) -> float:
    say(f"filling the source with {megabytes} MB")
    rows = int(megabytes / _MEGABYTES_OF_A_MILLION_ROWS * 1_000_000 / 7)
    async with await connect(source.database) as connection:
        await connection.execute(_queries.make_copied)
        await connection.execute(_queries.fill_accounts, {"rows": 5 * rows})
        await connection.execute(_queries.fill_messages, {"rows": 2 * rows})
        await connection.execute(_queries.index_copied)
        await connection.execute("vacuum analyze")
        return float(str(await value(connection, _queries.copied_size)))


class _Copying:
    """Each program's way of doing it; seconds."""

    def __init__(self, source: Server, target: Server, jobs: int) -> None:
        self._source = source
        self._target = target
        self._jobs = jobs
        self._programs = binary(15, "pg_dump").parent
        self._expected: list[object] = []

    def contenders(self) -> list[Contender]:
        pgcopydb = None if shutil.which("pgcopydb") else "Debian's package pgcopydb is not installed"
        return [
            Contender("cyphr", self._cyphr),
            Contender("pgcopydb clone", self._pgcopydb, pgcopydb),
            Contender("pg_dump \\| pg_restore", self._pipe),
            Contender("pg_dump -j, pg_restore -j", self._folder),
        ]

    async def _cyphr(self) -> float:
        await self._begin()
        started = monotonic()
        async with Migrator.start(self._source, self._target, 15, self._jobs) as migrator:
            await migrator.do("prepare")
            await migrator.do("copy")
            return await self._end(started)

    async def _pgcopydb(self) -> float:
        await self._begin()
        with tempfile.TemporaryDirectory(prefix="cyphr-bench-pgcopydb-") as folder:
            environment = os.environ | {"PATH": f"{self._programs}:{os.environ['PATH']}"}
            started = monotonic()
            jobs = ["--table-jobs", str(self._jobs), "--index-jobs", str(self._jobs)]
            places = ["--source", self._source.address, "--target", self._target.address, "--dir", f"{folder}/work"]
            await command(["pgcopydb", "clone", *places, *jobs], environment)
            return await self._end(started)

    async def _pipe(self) -> float:
        await self._begin()
        started = monotonic()
        dump = [str(self._programs / "pg_dump"), "--format=custom", "--compress=0", self._source.address]
        restore = [str(self._programs / "pg_restore"), "--dbname", self._target.address]
        await command(["sh", "-c", '"$1" "$2" "$3" "$4" | "$5" "$6" "$7"', "sh", *dump, *restore])
        return await self._end(started)

    async def _folder(self) -> float:
        await self._begin()
        with tempfile.TemporaryDirectory(prefix="cyphr-bench-dump-") as folder:
            started = monotonic()
            dump = ["--format=directory", "--compress=0", f"--jobs={self._jobs}", f"--file={folder}/dump"]
            await command([self._programs / "pg_dump", *dump, self._source.address])
            restore = [f"--jobs={self._jobs}", "--dbname", self._target.address, f"{folder}/dump"]
            await command([self._programs / "pg_restore", *restore])
            return await self._end(started)

    async def _begin(self) -> None:
        async with await connect(self._source.database) as connection:
            await drop_slots(connection)
            await connection.execute(_queries.forget_migration)
            self._expected = [await value(connection, count) for count in _COUNTS]
        await self._source.settle()
        await self._target.renew()

    async def _end(self, started: float) -> float:
        seconds = monotonic() - started
        async with await connect(self._target.database) as connection:
            assert [await value(connection, count) for count in _COUNTS] == self._expected
        return seconds
