"""The migration under measurement, in a process of its own, so that what measures it takes no time from it.

Started by ``Migrator``; reads one command a line (``prepare copy follow verify aws supabase``), answers each with JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration

if TYPE_CHECKING:  # what starts it needs these, and it is measured from its start
    from bench.servers import Server
    from cyphr.embedded.binaries import Version


class Migrator:
    """The other end of the line, for whoever measures."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def start(
        cls, source: "Server", target: "Server", programs: "Version", workers: int
    ) -> AsyncIterator["Migrator"]:
        """Start one that moves ``source`` to ``target``; killed at the end of the block."""
        from cyphr.embedded.binaries import binary

        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.migrator", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        migrator = cls(process)
        try:
            databases = [each.database.connection_arguments() for each in (source, target)]
            await migrator._say([*databases, str(binary(programs, "pg_dump").parent), workers])
            yield migrator
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def do(self, command: str) -> dict[str, Any]:
        """Have it do one thing; its answer."""
        await self._say(command)
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the migrator ended while it was to {command}; its own words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _say(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()


async def _obey() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    source, target, programs, workers = json.loads(await lines.readline())
    databases = {Side.SUPABASE: PostgresSettings(**source), Side.AWS: PostgresSettings(**target)}
    migration = DatabaseMigration(databases, Path(programs), copy_options=CopyOptions(workers=workers))
    async with asyncio.TaskGroup() as group:
        while line := await lines.readline():
            print(json.dumps(await _do(json.loads(line), migration, group)), flush=True)


async def _do(command: str, migration: DatabaseMigration, group: asyncio.TaskGroup) -> dict[str, Any]:
    match command:
        case "prepare":
            await migration.prepare()
        case "copy":
            await migration.copy()
        case "follow":
            group.create_task(migration.follow())
        case "verify":
            return (await migration.verify()).as_dict()
        case _:
            return asdict(await migration.handover(Side(command)))
    return {}


if __name__ == "__main__":
    uvloop.run(_obey())
