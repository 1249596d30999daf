"""One side's database, by the driver that an application has. None is imported here: it is the application's."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool


@dataclass(frozen=True)
class PsycopgPool:
    """A side reached through a ``psycopg_pool.AsyncConnectionPool``; the work is given an ``AsyncConnection``."""

    pool: "AsyncConnectionPool[Any]"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["AsyncConnection[Any]"]:
        async with self.pool.connection() as connection, connection.transaction():
            yield connection

    async def value(self, connection: "AsyncConnection[Any]", query: LiteralString) -> str | None:
        from psycopg.rows import tuple_row  # the pool's own rows may be anything

        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(query)
            row = await cursor.fetchone()
        return None if row is None else row[0]


@dataclass(frozen=True)
class AsyncpgPool:
    """A side reached through an ``asyncpg.Pool``; the work is given its ``Connection``."""

    pool: Any

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    async def value(self, connection: Any, query: LiteralString) -> str | None:
        found: str | None = await connection.fetchval(query)
        return found


@dataclass(frozen=True)
class SqlalchemyEngine:
    """A side reached through SQLAlchemy's ``AsyncEngine``; the work is given an ``AsyncConnection``."""

    engine: Any

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        begun: AbstractAsyncContextManager[Any] = self.engine.begin()
        return begun

    async def value(self, connection: Any, query: LiteralString) -> str | None:
        found: str | None = (await connection.exec_driver_sql(query)).scalar()
        return found


@dataclass(frozen=True)
class SqlalchemySessions:
    """A side reached through SQLAlchemy's ``async_sessionmaker``; the work is given an ``AsyncSession``."""

    sessions: Any

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        begun: AbstractAsyncContextManager[Any] = self.sessions.begin()
        return begun

    async def value(self, session: Any, query: LiteralString) -> str | None:
        found: str | None = (await (await session.connection()).exec_driver_sql(query)).scalar()
        return found
