"""What a check may use: the settings, a connection to each side, and transactions that are always rolled back."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

from psycopg import AsyncConnection

from cyphr.foundation.clock import now
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.preflight.application import DryRun, run_application
from cyphr.migrate.settings import DatabaseSettings, MigrationSettings

APPLICATION_NAME = "cyphr check"
queries = load_queries(__package__)

# A check never makes the project's own work wait for long, nor is it held up by it.
_LIMITS = "-c statement_timeout=30s -c lock_timeout=500ms -c idle_in_transaction_session_timeout=60s"


class Refusal(StrEnum):
    """Why a server did not let us in."""

    UNREACHABLE = "unreachable"
    PASSWORD = "password"  # noqa: S105 - a kind of refusal
    ENCRYPTION = "encryption"
    OTHER = "other"


class NotReached(Exception):
    """A check needs a connection that there is not; another check says why."""


@dataclass
class Context:
    """Both sides as the checks see them."""

    settings: MigrationSettings
    environment: Mapping[str, str]
    clock: Callable[[], datetime] = now
    connections: dict[Side, AsyncConnection] = field(default_factory=dict)
    refusals: dict[Side, str] = field(default_factory=dict)
    """What was answered on a side that has no connection."""
    _dry_run: DryRun | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: MigrationSettings, environment: Mapping[str, str]) -> AsyncIterator["Context"]:
        """Log in on both sides; a side that refuses is remembered with its words."""
        context = cls(settings, environment)
        async with AsyncExitStack() as stack:
            for side in Side:
                try:
                    connection = await connect(
                        context.database(side),
                        application_name=APPLICATION_NAME,
                        options=_LIMITS,
                        client_encoding="utf8",  # otherwise a database in SQL_ASCII answers with bytes
                    )
                    context.connections[side] = await stack.enter_async_context(connection)
                except Unavailable as error:
                    context.refusals[side] = error.message
            yield context

    def database(self, side: Side) -> DatabaseSettings:
        """How to reach the database of ``side``."""
        return self.settings.supabase_database if side is Side.SUPABASE else self.settings.aws_database

    def at(self, side: Side) -> AsyncConnection:
        """The connection to ``side``. Raises NotReached."""
        if side not in self.connections:
            raise NotReached(f"the database of the {side} side cannot be reached")
        return self.connections[side]

    @asynccontextmanager
    async def trying(self, side: Side) -> AsyncIterator[AsyncConnection]:
        """A transaction whose work is undone, whatever happens. May be nested: locks go with the inner one."""
        connection = self.at(side)
        async with connection.transaction(force_rollback=True):
            yield connection

    async def fetch(self, side: Side, query: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a query, which may refer to ``platform``: the schemas that are not moved."""
        cursor = await self.at(side).execute(query, {"platform": PLATFORM_SCHEMAS, **parameters})
        return await cursor.fetchall()

    async def value(self, side: Side, query: LiteralString, **parameters: Any) -> Any:
        """The first column of the first row."""
        return (await self.fetch(side, query, **parameters))[0][0]

    async def names(self, side: Side, query: LiteralString) -> list[str]:
        """The first column of every row."""
        return [row[0] for row in await self.fetch(side, query)]

    async def dry_run(self) -> DryRun:
        """What came of starting the application once; later calls get the same answer."""
        command = self.settings.application.dry_run
        assert command is not None
        if self._dry_run is None:
            self._dry_run = await run_application(
                command, self.environment, self.settings.application.dry_run_seconds, self._sessions
            )
        return self._dry_run

    async def _sessions(self, application_name: str) -> set[Side]:
        """On which sides the application is connected now."""
        found: set[Side] = set()
        for side in self.connections:
            if await self.value(side, queries.has_session, name=application_name):
                found.add(side)
        return found


def refusal(words: str) -> Refusal:
    """What kind of refusal a server's or libpq's words are. libpq has no SQLSTATE for a connection that failed."""
    if "password authentication failed" in words or "no password supplied" in words or "28P01" in words:
        return Refusal.PASSWORD
    if "pg_hba.conf" in words or "SSL" in words or "certificate" in words or "28000" in words:
        return Refusal.ENCRYPTION
    unreachable = ("could not translate host name", "failed to resolve host", "Connection refused", "timeout expired")
    if any(each in words for each in (*unreachable, "No route to host", "Network is unreachable", "Name or service")):
        return Refusal.UNREACHABLE
    return Refusal.OTHER
