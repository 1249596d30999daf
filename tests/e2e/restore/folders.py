"""Backup folders that tests change, and what they look up afterwards."""

import json
from pathlib import Path
from typing import Any

from cyphr.foundation.postgres import connect
from cyphr.schema.restore import Restored, restore_backup
from tests.conftest import TestSide

SAMPLE = Path(__file__).parents[2] / "backup"


async def fetch(side: TestSide, query: Any, *parameters: Any) -> list[tuple[Any, ...]]:
    async with await connect(side.superuser) as connection:
        return await (await connection.execute(query, parameters)).fetchall()


async def restore(side: TestSide, folder: Path) -> Restored:
    async with await connect(side.owner) as connection:
        return await restore_backup(connection, folder)


def rows_of(table: str) -> list[dict[str, Any]]:
    """A table's rows in the sample backup."""
    rows: list[dict[str, Any]] = json.loads(next(SAMPLE.glob(f"*/database/{table}.json")).read_text())["data"]
    return rows


def rewrite(backup: Path, table: str, rows: list[Any]) -> None:
    """Replace a table's rows, with counts that agree."""
    (backup / "database" / f"{table}.json").write_text(
        json.dumps({"table_name": table, "row_count": len(rows), "data": rows})
    )
    change_summary(backup, table, rows=len(rows))
    if table == "users":
        for path in (backup / "BACKUP_SUMMARY.json", backup / "database" / "user_profiles_summary.json"):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"total_users": len(rows)}))


def change_summary(backup: Path, table: str, **values: Any) -> None:
    path = backup / "BACKUP_SUMMARY.json"
    summary = json.loads(path.read_text())
    for one in summary["table_results"]:
        if one["table"] == table:
            one.update(values)
    path.write_text(json.dumps(summary))
