"""The migrator as its operator runs it: a process that is started again whenever it ends."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from cyphr.embedded.binaries import binary
from cyphr.foundation.cancellation import end
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.app import run_migrator
from cyphr.migrate.settings import MigrationSettings

_RESTART_SECONDS = 0.1


class SupervisedMigrator:
    """Runs until the block ends. ``starts``: how often it was started."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._process: asyncio.subprocess.Process | None = None
        self.log = log
        self.starts = 0

    @classmethod
    @asynccontextmanager
    async def running(
        cls, databases: Mapping[Side, PostgresSettings], folder: Path
    ) -> AsyncIterator["SupervisedMigrator"]:
        """One that migrates between ``databases``; its log and settings are in ``folder``."""
        migrator = cls(_write_config(databases, folder), folder / "migrator.log")
        task = asyncio.create_task(migrator._supervise())
        try:
            yield migrator
        finally:
            await end(task)

    def kill(self) -> None:
        """SIGKILL, if it is running at the moment."""
        self._signal(signal.SIGKILL)

    def show_tasks(self) -> None:
        """Have it write into its log what each of its tasks is waiting for."""
        self._signal(signal.SIGUSR1)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended of itself a moment ago
                os.kill(self._process.pid, number)

    async def _supervise(self) -> None:
        with self.log.open("ab") as output:
            while True:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", __name__, str(self._config), stdout=output, stderr=output
                )
                self.starts += 1
                try:
                    await self._process.wait()
                finally:
                    self.kill()
                    await self._process.wait()
                await asyncio.sleep(_RESTART_SECONDS)


def _write_config(databases: Mapping[Side, PostgresSettings], folder: Path) -> Path:
    lines = [f'postgres_programs = "{binary(18, "pg_dump").parent}"']
    for side, settings in databases.items():
        password = folder / f"{side}.password"
        assert settings.password is not None
        password.write_text(settings.password.get_secret_value() + "\n")
        lines += [
            f"[{side}_database]",
            f'host = "{settings.host}"',
            f"port = {settings.port}",
            f'dbname = "{settings.dbname}"',
            f'user = "{settings.user}"',
            f'password_file = "{password}"',
            f'sslmode = "{settings.sslmode}"',
        ]
    config = folder / "migration.toml"
    config.write_text("\n".join(lines) + "\n")
    return config


async def _run(config: Path) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _write_tasks)
    await run_migrator(MigrationSettings.load(config))


def _write_tasks() -> None:
    for task in asyncio.all_tasks():
        waiting: Any = task.get_coro()
        places = []
        while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)) is not None:
            places.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}")
            waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
        sys.stderr.write(f"{task.get_name()}: {' > '.join(places)} > {waiting!r}\n")


if __name__ == "__main__":
    uvloop.run(_run(Path(sys.argv[1])))
