"""``cyphr restore-backup DIR --to DSN``: load a backup folder into a database, all of it or nothing."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cyphr.cli.databases import connection_arguments, open_database
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
    arguments = connection_arguments(to, password_file, "--to")
    restored = asyncio.run(_restore(folder, arguments, create_schema=create_schema))
    if as_json:
        print(json.dumps(_as_json(restored), indent=2))
    else:
        _print(restored)


async def _restore(folder: Path, arguments: dict[str, Any], *, create_schema: bool) -> restore.Restored:
    async with open_database(arguments) as connection:
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
