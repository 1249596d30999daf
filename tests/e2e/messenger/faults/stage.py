"""The messenger as a process of its own over a durable database; either can die and come back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from cyphr.embedded.messenger import MessengerServer
from cyphr.embedded.process import ended, last_lines
from cyphr.foundation.clock import monotonic
from cyphr.foundation.settings import MessengerSettings
from tests.conftest import Server, TestSide
from tests.e2e.messenger.client import Client, register

_PATIENCE_SECONDS = 90.0
_DEATHS = {"kill": signal.SIGKILL, "immediate": signal.SIGQUIT, "fast": signal.SIGINT}


class Stage:
    """One messenger, its database server, and the way to both."""

    def __init__(self, messenger: MessengerServer, settings: MessengerSettings, database: Server, side: TestSide):
        self.side = side
        self.http = httpx.AsyncClient(base_url=messenger.address, timeout=_PATIENCE_SECONDS)
        self._messenger = messenger
        self._settings = settings
        self._database = database

    @classmethod
    @asynccontextmanager
    async def set(cls, database: Server, folder: Path, token_key: Path, **more: Any) -> AsyncIterator["Stage"]:
        """Have a messenger running over a new database of ``database`` while the block runs."""
        async with database.database(database.full) as side:
            given = {"token_key_file": token_key, f"{side.side}_database": side.app, "pool_size": 4, **more}
            stage = cls(MessengerServer(folder), MessengerSettings(**given), database, side)
            try:
                await stage.start_messenger()
                yield stage
            finally:
                await stage.http.aclose()
                await stage._messenger.stop()

    @property
    def address(self) -> str:
        """Where the messenger's WebSocket is."""
        return self._messenger.address.replace("http", "ws") + "/v1/ws"

    @property
    def port(self) -> int:
        return self._messenger.port

    def memory(self) -> int:
        """Bytes that the messenger's process holds of the machine's memory."""
        assert self._messenger.process is not None
        return int(psutil.Process(self._messenger.process.pid).memory_info().rss)

    def last_log_lines(self, count: int = 40) -> str:
        return last_lines(self._messenger.log, count)

    async def register(self, name: str) -> Client:
        return await register(self.http, name)

    async def start_messenger(self) -> None:
        await self._messenger.start(self._settings)

    async def kill_messenger(self) -> None:
        """As ``kill -9`` does: at this moment, whatever it is doing."""
        assert self._messenger.process is not None
        os.kill(self._messenger.process.pid, signal.SIGKILL)
        assert await ended(self._messenger.process, 30)

    async def restart_database(self, way: str) -> None:
        """``fast``: as a maintenance does; ``immediate``: as a failover does; ``kill``: as a crash does."""
        cluster = self._database.cluster
        os.kill(cluster.process.pid, _DEATHS[way])
        assert await ended(cluster.process, 60)
        await cluster.start()


async def answered(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer to a request that may be repeated, as an honest client repeats it while servers come and go."""
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            response = await ask()
        except httpx.TransportError:
            if monotonic() > deadline:
                raise
        else:
            if response.status_code not in {429, 503} or monotonic() > deadline:
                return response
        await asyncio.sleep(0.05)
