"""The connection that rows are read from: asyncpg, whose COPY hands over whole buffers of rows.

libpq hands over one row at a time, which took a Python process longer than both servers took for the copying itself
(decision 32). What goes wrong is raised as psycopg's errors, so that a copy has one kind.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlencode

import asyncpg
import psycopg
from psycopg import sql

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import keep_alive
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.wire import SESSION_OPTIONS

Sink = Callable[[bytes], Awaitable[None]]
_CONNECT_SECONDS = 10.0


class Reader:
    """One connection to the source. Every call raises psycopg.Error."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: PostgresSettings) -> AsyncIterator["Reader"]:
        """Connect. Raises Unavailable with the server's own words."""
        try:
            connection = await asyncpg.connect(**_arguments(settings))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable(
                f"PostgreSQL at {settings.host}:{settings.port} refused the connection: {error}"
            ) from error
        keep_alive(connection._transport.get_extra_info("socket"))
        try:
            yield cls(connection)
        finally:
            # Not a farewell: where a copy was cut short, the server may still be sending.
            connection.terminate()

    @asynccontextmanager
    async def at(self, snapshot: str) -> AsyncIterator[None]:
        """A transaction that sees what the exported ``snapshot`` sees, and changes nothing."""
        with _as_psycopg():
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                await self._connection.execute(sql.SQL("set transaction snapshot {}").format(snapshot).as_string())
                yield

    async def hold(self, table: Table) -> int | None:
        """Keep ``table``'s rows where they lie until the transaction ends; where that is (its filenode)."""
        name = table.identifier.as_string()
        with _as_psycopg():
            await self._connection.execute(f"lock table only {name} in access share mode")
            found: int | None = await self._connection.fetchval("select pg_relation_filenode($1::text::regclass)", name)
        return found

    async def copy_table(self, table: Table, form: str, sink: Sink) -> None:
        """Read all rows of ``table`` itself in the format ``form``; ``sink`` takes them buffer by buffer."""
        names = [column.name for column in table.sent_columns]
        with _as_psycopg():
            await self._connection.copy_from_table(
                table.name, schema_name=table.schema, columns=names, format=form, output=sink
            )

    async def copy_query(self, query: sql.Composed, form: str, sink: Sink) -> None:
        """Read what ``query`` finds, as ``copy_table`` does."""
        with _as_psycopg():
            await self._connection.copy_from_query(query.as_string(), format=form, output=sink)


def _arguments(settings: PostgresSettings) -> dict[str, Any]:
    given = settings.connection_arguments()
    arguments = {name: given[name] for name in ("host", "port", "user", "password")}
    arguments |= {"database": given["dbname"], "timeout": _CONNECT_SECONDS}
    arguments["server_settings"] = {"application_name": "cyphr", "options": SESSION_OPTIONS}
    root = given.get("sslrootcert")
    if root == "system":  # asyncpg does not know libpq's word for the machine's own authorities
        return arguments | {"ssl": ssl.create_default_context()}
    # In an address, asyncpg reads both exactly as libpq does.
    tls = {"sslmode": given["sslmode"]} | ({"sslrootcert": root} if root else {})
    return arguments | {"dsn": f"postgresql:///?{urlencode(tls)}"}


@contextmanager
def _as_psycopg() -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _class_of(error.sqlstate)(str(error)) from error
    # The last: where rows were still coming when their receiver failed, it cannot even roll back.
    except (asyncpg.InterfaceError, OSError, asyncpg.InternalClientError) as error:
        raise psycopg.OperationalError(str(error)) from error


def _class_of(sqlstate: str | None) -> type[psycopg.Error]:
    try:
        return psycopg.errors.lookup(sqlstate or "")
    except KeyError:  # one that this psycopg does not know, or none: the connection broke
        return psycopg.OperationalError
