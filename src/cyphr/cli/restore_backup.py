"""``cyphr restore-backup DIR --to DSN``: load a backup folder into a database, all of it or nothing."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console
from rich.table import Table

from cyphr.foundation.errors import InvalidInput, Unavailable
from cyphr.schema import restore
from cyphr.schema.apply import apply_schema


def restore_backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup's folder, or the parent of the only one.")],
    to: Annotated[
        str,
        typer.Option(
            metavar="DSN",
            help="Connection string or URL of the database, as the role that owns the tables. What it leaves out comes"
            " from PGHOST, PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE … as for psql.",
        ),
    ] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="A file whose only line is the password; keeps it out of the process list.")
    ] = None,
    create_schema: Annotated[bool, typer.Option("--create-schema", help="Apply Cyphr's migrations first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Restore a backup (JSON or CSV files) in one transaction. Running it again changes nothing."""
    arguments = _connection_arguments(to, password_file)
    restored = asyncio.run(_restore(folder, arguments, create_schema=create_schema))
    if as_json:
        print(json.dumps(_as_json(restored), indent=2))
    else:
        _print(restored)


def _connection_arguments(to: str, password_file: Path | None) -> dict[str, Any]:
    try:
        arguments = conninfo_to_dict(to)
    except psycopg.ProgrammingError:
        # libpq quotes the part that it does not understand, and that may be the password.
        raise InvalidInput(
            "--to is neither a URL (postgresql://user@host:port/database) nor a connection string (host=… dbname=…). "
            "In a URL, a password's special characters are written as %40 and so on; --password-file needs no escaping."
        ) from None
    if password_file is not None:
        try:
            arguments["password"] = password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise InvalidInput(f"--password-file {password_file}: cannot be read ({error.strerror})") from error
    return dict(arguments)


async def _restore(folder: Path, arguments: dict[str, Any], *, create_schema: bool) -> restore.Restored:
    try:
        connection = await AsyncConnection.connect(**{"connect_timeout": 10, **arguments, "autocommit": True})
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database refused the connection: {str(error).strip()}") from error
    async with connection:
        if create_schema:
            await apply_schema(connection)
        return await restore.restore_backup(connection, folder)


def _as_json(restored: restore.Restored) -> dict[str, Any]:
    return {
        "folder": str(restored.folder),
        "loaded": restored.loaded,
        "present": restored.present,
        "tables": [
            {"table": t.table, "file": t.file, "rows": t.rows, "loaded": t.loaded, "present": t.present}
            for t in restored.tables
        ],
        "warnings": restored.warnings,
    }


def _print(restored: restore.Restored) -> None:
    console = Console()
    table = Table(title=f"Restored {restored.folder}")
    table.add_column("table")
    for name in ("in the backup", "loaded", "there already"):
        table.add_column(name, justify="right")
    for one in restored.tables:
        table.add_row(one.table, str(one.rows), str(one.loaded), str(one.present))
    console.print(table)
    for warning in restored.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if restored.loaded:
        console.print(f"{restored.loaded} rows loaded, {restored.present} were there already.")
    else:
        console.print(f"Nothing to do: all {restored.present} rows were there already, equal.")
