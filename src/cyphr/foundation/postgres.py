"""PostgreSQL: connections, pools, and the one place where the acting user of a transaction is set.

Row-level security reads ``request.jwt.claims``, the setting that Supabase's own policies read, so one set of policies
holds on both sides. It is set for the transaction only (``set_config(…, true)``), so a pooled connection cannot leak
it.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.query_log import QueryLog
from cyphr.foundation.settings import PostgresSettings

M = TypeVar("M")

MOVED = "CY001"
"""SQLSTATE that the fence raises: this database may not be written, its authority is on the other side."""


# A network that swallows packets is noticed within half a minute; the system's own default is two hours.
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}


# Of an array's binary format: dimensions, flags, element type, size and lower bound come first, and before each element
# its length.
_BEFORE_FIRST, _EACH = 24, 20


class Side(StrEnum):
    """Where a service stands."""

    SUPABASE = "supabase"
    AWS = "aws"

    @property
    def other(self) -> "Side":
        return Side.AWS if self is Side.SUPABASE else Side.SUPABASE


class Moved(Exception):
    """This database no longer has the authority; the whole unit of work belongs on the other side.

    Internal to the retry of ``switchboard.Switchboard.unit_of_work``: callers never see it.
    """


class NotCommitted(Exception):
    """The connection broke before its transaction was to be committed, so nothing of the work was done.

    Internal to the retry of ``switchboard.Switchboard.unit_of_work``: callers never see it.
    """


def session_arguments(settings: PostgresSettings, name: str = "cyphr") -> dict[str, Any]:
    """What every session of ours is opened with, in a pool or not: in autocommit mode, noticing a dead network.

    ``name``: what an operator sees in ``pg_stat_activity``, unless PGAPPNAME says otherwise. Raises InvalidInput when
    the password file cannot be read.
    """
    return {
        "autocommit": True,
        "connect_timeout": 10,
        "fallback_application_name": name,
        **_KEEPALIVE,
        **settings.connection_arguments(),
    }


async def connect(settings: PostgresSettings, **arguments: Any) -> AsyncConnection:
    """One connection in autocommit mode, outside any pool. Raises Unavailable with the server's own words."""
    options = session_arguments(settings) | arguments
    # In a task of its own, which whoever gives up does not cut off: psycopg would leave the socket open, and the server
    # keeps who has not said their password yet for a minute. So long no database of it can be dropped.
    connecting = asyncio.create_task(AsyncConnection.connect(**options))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_hang_up)
        raise
    except psycopg.OperationalError as error:
        raise Unavailable(
            f"PostgreSQL at {settings.host}:{settings.port} (database {settings.dbname!r}, user {settings.user!r}) "
            f"refused the connection: {str(error).strip()}{_reason(str(error), settings)}"
        ) from error


def keep_alive(connected: socket.socket) -> None:
    """Have the system notice a network that swallows packets, as ``connect`` does; for sockets that are not libpq's."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, name in (("TCP_KEEPIDLE", "idle"), ("TCP_KEEPINTVL", "interval"), ("TCP_KEEPCNT", "count")):
        if hasattr(socket, option):  # not every system calls the first one so
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE[f"keepalives_{name}"])


def _hang_up(connecting: asyncio.Task[AsyncConnection]) -> None:
    """Close a connection that nobody waits for any more."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().pgconn.finish()


def _reason(words: str, settings: PostgresSettings) -> str:
    """What libpq leaves out when it does not trust a server."""
    if "certificate verify failed" not in words:
        return ""
    authorities = settings.sslrootcert or "libpq's default file"
    return f": the server's certificate has expired, or no authority in {authorities} has signed it"


def uuid_array(ids: Iterable[UUID]) -> str:
    """A ``uuid[]`` as PostgreSQL reads it. psycopg looks at each element of a list, which here is most of the work."""
    return "{" + ",".join([one.hex for one in ids]) + "}"


@lru_cache(maxsize=64)
def uuids_of(array: bytes) -> tuple[UUID, ...]:
    """What ``array_send`` gives for a ``uuid[]`` without nulls. As text, hundreds of ids cost both sides more than to
    find them; and the members of a chat are most often those of its message before.
    """
    return tuple(UUID(bytes=array[at : at + 16]) for at in range(_BEFORE_FIRST, len(array), _EACH))


def bigint_array(numbers: Iterable[int]) -> str:
    """A ``bigint[]`` as PostgreSQL reads it; as ``uuid_array``."""
    return "{" + ",".join([str(number) for number in numbers]) + "}"


@dataclass(frozen=True)
class PoolLimits:
    """How long what a pool's connections do may take."""

    statement_seconds: float = 20.0
    """One statement, waiting for locks included. A handover's fence makes one wait for milliseconds."""
    idle_seconds: float = 20.0
    """A transaction of ours that does nothing: its process hangs, and must not hold locks for it."""
    slow_seconds: float = 0.2
    """A statement that takes longer is told in the log, with its plan."""

    def as_options(self, side: Side) -> str:
        """What a connection is opened with; ``private.require_authority`` asks for the side."""
        return (
            f"-c statement_timeout={int(self.statement_seconds * 1000)}"
            f" -c idle_in_transaction_session_timeout={int(self.idle_seconds * 1000)}"
            f" -c cyphr.side={side}"
        )


class Transaction:
    """An open transaction with an acting user: how features reach the database."""

    def __init__(self, connection: AsyncConnection, sides: Mapping[str, Side], log: QueryLog) -> None:
        self.connection = connection
        self._log = log
        self.sides = sides
        """Where each service stands, read inside this transaction (service name → side)."""

    async def execute(self, query: LiteralString, **parameters: Any) -> int:
        """Run a statement; the number of rows it touched."""
        began = monotonic()
        cursor = await self.connection.execute(query, parameters)
        await self._log.note(self.connection, query, parameters, monotonic() - began)
        return cursor.rowcount

    async def fetch_one(self, model: type[M], query: LiteralString, **parameters: Any) -> M | None:
        """The first row as ``model`` (its fields are the column names), or None."""
        async with self.connection.cursor(row_factory=class_row(model)) as cursor:
            began = monotonic()
            await cursor.execute(query, parameters)
            await self._log.note(self.connection, query, parameters, monotonic() - began)
            return await cursor.fetchone()

    async def fetch_all(self, model: type[M], query: LiteralString, **parameters: Any) -> list[M]:
        """All rows as ``model``."""
        async with self.connection.cursor(row_factory=class_row(model)) as cursor:
            began = monotonic()
            await cursor.execute(query, parameters)
            await self._log.note(self.connection, query, parameters, monotonic() - began)
            return await cursor.fetchall()

    async def fetch_value(self, query: LiteralString, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        began = monotonic()
        cursor = await self.connection.execute(query, parameters)
        await self._log.note(self.connection, query, parameters, monotonic() - began)
        row = await cursor.fetchone()
        return None if row is None else row[0]


class Database:
    """A pool of connections to the database of one side, as the runtime role."""

    def __init__(
        self,
        side: Side,
        settings: PostgresSettings,
        *,
        pool_size: int = 8,
        limits: PoolLimits = PoolLimits(),
        metrics: Metrics | None = None,
    ) -> None:
        self.side = side
        self.settings = settings
        self._metrics = metrics or Metrics()
        self._log = QueryLog(self._metrics, limits.slow_seconds)
        self._metrics.watch(self._levels)
        self._pool = AsyncConnectionPool(
            kwargs={**session_arguments(settings, "cyphr messenger"), "options": limits.as_options(side)},
            # All of them from the start, on both sides: when the authority moves, nobody waits for connections.
            min_size=pool_size,
            max_size=pool_size,
            timeout=10,
            open=False,
            name=f"cyphr-{side}",
        )

    async def open(self) -> None:
        """Start the pool. Does not wait for the server: a side that is down must not stop the other."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=2)

    @asynccontextmanager
    async def transaction_as(self, user_id: UUID | None) -> AsyncIterator[Transaction]:
        """A transaction on behalf of ``user_id`` (None: of nobody signed in).

        Raises Moved when this database's switchboard says that the authority is elsewhere, or when the fence refuses a
        write; NotCommitted when the connection broke while the block ran; Unavailable when no connection can be had.
        An OperationalError that comes from the end of the block leaves open whether it was committed.
        """
        claims = {"role": "anon"} if user_id is None else {"role": "authenticated", "sub": str(user_id)}
        with self._own_words():
            async with self._pool.connection() as connection, AsyncExitStack() as stack:
                try:
                    await stack.enter_async_context(connection.transaction())
                    sides = await self._begin(connection, claims)
                    if sides.get("database", self.side) is not self.side:
                        raise Moved
                    yield Transaction(connection, sides, self._log)
                except psycopg.OperationalError as error:
                    if connection.closed:
                        raise NotCommitted from error
                    raise

    async def call(self, query: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement that is a transaction by itself, in one round-trip, on behalf of nobody.

        It has to ask ``private.require_authority`` itself. Raises Moved when the authority is elsewhere; Unavailable
        when no connection can be had; psycopg.OperationalError when the connection was dead or broke, whatever became
        of it.
        """
        with self._own_words():
            async with self._pool.connection() as connection:
                began = monotonic()
                cursor = await connection.execute(query, parameters)
                await self._log.note(connection, query, parameters, monotonic() - began)
                return await cursor.fetchall()

    @contextmanager
    def _own_words(self) -> Iterator[None]:
        """What the driver raises, as errors of ours."""
        try:
            yield
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable(f"the {self.side} database did not finish in time: {str(error).strip()}") from error
        except psycopg.Error as error:
            if error.sqlstate == MOVED:
                raise Moved from error
            raise
        except PoolTimeout as error:
            self._metrics.count("PoolTimeouts")
            raise Unavailable(f"no connection to the {self.side} database became free in time") from error

    def _levels(self) -> Mapping[str, float]:
        """What CloudWatch is told of the pool: how many connections are free, and how many requests wait for one."""
        stats = self._pool.get_stats()
        name = self.side.capitalize()
        return {
            f"{name}PoolAvailable": stats.get("pool_available", 0),
            f"{name}PoolWaiting": stats.get("requests_waiting", 0),
        }

    async def _begin(self, connection: AsyncConnection, claims: dict[str, str]) -> Mapping[str, Side]:
        cursor = await connection.execute(
            "select set_config('request.jwt.claims', %s, true),"
            " (select json_object_agg(service, side) from cyphr.switchboard)",
            [json.dumps(claims)],
        )
        row = await cursor.fetchone()
        assert row is not None
        return MappingProxyType({service: Side(side) for service, side in (row[1] or {}).items()})
