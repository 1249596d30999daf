"""Durable progress: phases, events and requests, in the database on AWS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import Conflict, Unavailable
from cyphr.foundation.postgres import connect, session_arguments
from cyphr.foundation.queries import load_queries, read_sql
from cyphr.foundation.settings import PostgresSettings

_queries = load_queries("cyphr.migrate.sql")
PATIENCE_SECONDS = 60.0
"""How long a request is tried again while a server is away, unless whoever asks says otherwise."""

_LOCK_ATTEMPTS = 100
_LOCK_PAUSE_SECONDS = 0.1
_LOCK_CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class Phase:
    """Where one service is."""

    service: str
    phase: str
    since: datetime
    progress: dict[str, Any]
    updated_at: datetime


@dataclass(frozen=True)
class Event:
    """One line of the journal."""

    at: datetime
    service: str
    event: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What an operator asked for, and how it ended (``outcome`` None: not yet)."""

    id: int
    action: str
    service: str
    options: dict[str, Any]
    outcome: str | None = None
    detail: dict[str, Any] | None = None
    requested_at: datetime | None = None
    finished_at: datetime | None = None
    patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True)
class Picture:
    """Everything that ``status`` shows, at one moment."""

    phases: list[Phase]
    running: bool
    """Whether a migrator is."""
    verifications: dict[str, Event]
    """The last of each service, whatever it found."""


class Journal:
    """The journal in one database. Connections that broke are replaced."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._pool = AsyncConnectionPool(
            # What is written here was promised to somebody, also where commits are asynchronous by default.
            kwargs={**session_arguments(settings), "options": "-c synchronous_commit=on"},
            min_size=1,
            max_size=3,
            open=False,
            check=AsyncConnectionPool.check_connection,
            name="cyphr-journal",
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: PostgresSettings, *, create: bool = True) -> AsyncIterator["Journal"]:
        """Connect, and create the journal's tables if they are missing. Raises Unavailable.

        ``create`` False: change nothing; where nothing was ever started, raise Unavailable.
        """
        async with await connect(settings) as connection, connection.transaction():
            if create:
                await connection.execute(read_sql("cyphr.migrate.sql", "tables.sql"))
            elif await (await connection.execute(_queries.has_journal)).fetchone() != (True,):
                raise Unavailable(
                    f"no migration was started into the database {settings.dbname!r} at "
                    f"{settings.host}:{settings.port} yet; start one with: cyphr migrate start"
                )
        journal = cls(settings)
        await journal._pool.open()
        try:
            yield journal
        finally:
            await journal._pool.close(timeout=2)

    async def set_phase(self, service: str, phase: str, **detail: Any) -> None:
        """Say that ``service`` is in ``phase`` now, and note it."""
        await self._execute(_queries.set_phase, service=service, phase=phase)
        await self.note(service, f"phase {phase}", **detail)

    async def set_progress(self, service: str, progress: dict[str, Any]) -> None:
        """Replace the numbers that ``status`` shows for ``service``."""
        await self._execute(_queries.set_progress, service=service, progress=Jsonb(progress))

    async def note(self, service: str, event: str, **detail: Any) -> None:
        """Append one event."""
        await self._execute(_queries.note, service=service, event=event, detail=Jsonb(detail))

    async def phases(self) -> list[Phase]:
        """Where every service is."""
        return await self._fetch(Phase, _queries.phases)

    async def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return await self._fetch(Event, _queries.events)

    async def picture(self) -> Picture:
        """Where everything is now. Raises Unavailable when the database does not answer."""
        try:
            verifications = await self._fetch(Event, _queries.verifications)
            return Picture(
                await self.phases(),
                await self.is_migrator_running(),
                {event.service: event for event in verifications},
            )
        except psycopg.OperationalError as error:
            raise Unavailable(f"the journal cannot be read: {' '.join(str(error).split())}") from error

    async def add_request(
        self, action: str, service: str, *, patience_seconds: float = PATIENCE_SECONDS, **options: Any
    ) -> int:
        """Ask the running migrator for something; the request's number."""
        asked = {"action": action, "service": service, "options": Jsonb(options), "patience": patience_seconds}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_queries.add_request, asked)
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def next_request(self) -> Request | None:
        """The oldest request that is not finished."""
        found = await self._fetch(Request, _queries.next_request)
        return found[0] if found else None

    async def finish_request(self, request: Request, outcome: str, detail: dict[str, Any]) -> None:
        """Say how ``request`` ended: ``done`` or ``failed``."""
        await self._execute(_queries.finish_request, id=request.id, outcome=outcome, detail=Jsonb(detail))

    async def request(self, number: int) -> Request:
        """One request as it stands."""
        found: list[Request] = await self._fetch(Request, _queries.request, id=number)
        return found[0]

    async def is_migrator_running(self) -> bool:
        """Whether some process holds the migrator's lock."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_queries.is_running)
            row = await cursor.fetchone()
        return bool(row and row[0])

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Be the one migrator while the block runs. Raises Conflict when another is, after waiting a little.

        The lock ends with its session. When the server or the network ended that, it is taken again; when another
        migrator was faster, the block is cancelled and Conflict raised.
        """
        connection = await self._take_lock()
        owner = asyncio.current_task()
        assert owner is not None
        keeping = asyncio.create_task(self._keep_lock(connection), name="keep the migrator's lock")
        keeping.add_done_callback(lambda task: None if task.cancelled() else owner.cancel())
        try:
            yield
        except asyncio.CancelledError:
            if keeping.done() and owner.uncancel() == 0:
                keeping.result()  # raises why the lock was lost
            raise
        finally:
            await end(keeping)

    async def _take_lock(self) -> AsyncConnection:
        connection = await connect(self._settings)
        try:
            for _ in range(_LOCK_ATTEMPTS):  # a killed migrator's session may take a moment to end
                cursor = await connection.execute(_queries.try_lock)
                row = await cursor.fetchone()
                if row is not None and row[0]:
                    return connection
                await asyncio.sleep(_LOCK_PAUSE_SECONDS)
            raise Conflict("another migrator is running on these databases; stop it, or ask it for what you want")
        except BaseException:
            await connection.close()
            raise

    async def _keep_lock(self, connection: AsyncConnection) -> None:
        """Hold the lock until cancelled. Raises Conflict when somebody else has it."""
        while True:
            try:
                while True:
                    await connection.execute("select 1")
                    await asyncio.sleep(_LOCK_CHECK_SECONDS)
            except psycopg.OperationalError:
                pass
            finally:
                await connection.close()
            connection = await self._retake_lock()

    async def _retake_lock(self) -> AsyncConnection:
        while True:
            try:
                return await self._take_lock()
            except (Unavailable, psycopg.OperationalError):
                await asyncio.sleep(_LOCK_PAUSE_SECONDS)  # until the server is back

    async def _execute(self, query: LiteralString, **parameters: Any) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(query, parameters)

    async def _fetch(self, model: type[Any], query: LiteralString, **parameters: Any) -> list[Any]:
        async with self._pool.connection() as connection, connection.cursor(row_factory=class_row(model)) as cursor:
            await cursor.execute(query, parameters)
            return await cursor.fetchall()
