"""Which database a command works on: a connection string as for psql, or one of the stack on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from cyphr.embedded.stack import read_owner
from cyphr.foundation.errors import InvalidInput, Unavailable
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Side, Transaction
from cyphr.foundation.query_log import QueryLog

DEFAULT_FOLDER = Path(".cyphr/up")

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="DSN",
        help="Connection string or URL, as the role that owns the tables; without one, the stack on this machine.",
    ),
]
PasswordFileOption = Annotated[
    Path | None, typer.Option(help="A file whose only line is the password; keeps it out of the process list.")
]
FolderOption = Annotated[Path, typer.Option(help="Where the stack on this machine keeps its data.")]
SideOption = Annotated[Side | None, typer.Option(help="Of the stack; without one, where the database stands.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def connection_arguments(dsn: str, password_file: Path | None, option: str) -> dict[str, Any]:
    """What ``option`` says, for libpq. Raises InvalidInput, which never quotes what was given."""
    try:
        arguments = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # libpq quotes the part that it does not understand, and that may be the password.
        raise InvalidInput(
            f"{option} is neither a URL (postgresql://user@host:port/database) nor a connection string (host=… "
            "dbname=…). In a URL, a password's special characters are written as %40 and so on; --password-file needs "
            "no escaping."
        ) from None
    if password_file is not None:
        try:
            arguments["password"] = password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise InvalidInput(f"--password-file {password_file}: cannot be read ({error.strerror})") from error
    return dict(arguments)


@asynccontextmanager
async def open_database(arguments: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
    """A connection in autocommit mode. Raises Unavailable with the server's own words."""
    try:
        connection = await AsyncConnection.connect(
            **{"connect_timeout": 10, "fallback_application_name": "cyphr", **arguments, "autocommit": True}
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database refused the connection: {str(error).strip()}") from error
    async with connection:
        yield connection


@asynccontextmanager
async def open_named(
    dsn: str | None, password_file: Path | None, folder: Path, side: Side | None
) -> AsyncIterator[AsyncConnection]:
    """The database that a command's options name. Raises InvalidInput when there is none, or Unavailable."""
    if dsn is not None:
        arguments = connection_arguments(dsn, password_file, "--database")
    else:
        arguments = read_owner(folder, side or await _authority(folder)).connection_arguments()
    async with open_database(arguments) as connection:
        yield connection


@asynccontextmanager
async def as_operator(connection: AsyncConnection, tenant: str) -> AsyncIterator[Transaction]:
    """A transaction as the operator of ``tenant``: the database knows one by who owns the tables."""
    async with connection.transaction():
        await connection.execute("select set_config('cyphr.tenant', %s, true)", [tenant])
        yield Transaction(connection, {}, QueryLog(Metrics(), slow_seconds=60.0))


async def _authority(folder: Path) -> Side:
    async with open_database(read_owner(folder, Side.SUPABASE).connection_arguments()) as connection:
        cursor = await connection.execute("select side from cyphr.switchboard where service = 'database'")
        row = await cursor.fetchone()
    return Side.SUPABASE if row is None else Side(row[0])
