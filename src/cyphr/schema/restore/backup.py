"""A backup folder: which files it holds, and whether they agree with what it says about itself.

2025-08-29T23-06-03/
    BACKUP_SUMMARY.json         table → rows, success
    schema/schema_info.json     table names
    database/<table>.json|csv   the rows
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cyphr.foundation.errors import InvalidInput
from cyphr.schema.restore.formats import TableFile, count_in, read_json, read_table

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}")
_PROFILES = "user_profiles_summary"  # a summary beside the tables, and no table


@dataclass(frozen=True)
class Backup:
    """A backup that agrees with itself."""

    folder: Path
    tables: list[TableFile]
    warnings: list[str] = field(default_factory=list)


def read_backup(folder: Path) -> Backup:
    """Read and check a backup folder, or the parent of exactly one. Raises InvalidInput; touches no database."""
    folder = find_backup(folder)
    warnings: list[str] = []
    tables = [read_table(path) for path in _table_files(folder / "database", warnings)]
    rows = {table.table: len(table.rows) for table in tables}
    _check_summary(folder / "BACKUP_SUMMARY.json", rows, warnings)
    _check_schema_info(folder / "schema" / "schema_info.json", rows)
    _check_profiles(folder / "database" / f"{_PROFILES}.json", rows)
    return Backup(folder, tables, warnings)


def find_backup(folder: Path) -> Path:
    """``folder`` itself, or the one dated backup folder inside it."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise InvalidInput(f"{folder} {what}; give the backup's folder (named like 2025-08-29T23-06-03)")
    if (folder / "database").is_dir():
        return folder
    inside = sorted(entry for entry in folder.iterdir() if _DATED.match(entry.name) and (entry / "database").is_dir())
    if len(inside) == 1:
        return inside[0]
    if inside:
        names = ", ".join(entry.name for entry in inside)
        raise InvalidInput(f"{folder} holds {len(inside)} backups ({names}); give one of them")
    raise InvalidInput(f"{folder} is no backup: it has no folder 'database' with a file for each table")


def _table_files(database: Path, warnings: list[str]) -> list[Path]:
    found: dict[str, Path] = {}
    for path in sorted(database.iterdir()):
        if path.name.startswith(".") or path.stem == _PROFILES:
            continue
        if path.suffix not in (".json", ".csv") or not path.is_file():
            warnings.append(f"{path.name} was ignored: tables are .json or .csv files")
            continue
        if path.stem in found:
            raise InvalidInput(
                f"{path.stem} is there twice, as {found[path.stem].name} and {path.name}; remove one. "
                "Nothing was loaded.",
                file=str(path),
            )
        found[path.stem] = path
    if not found:
        raise InvalidInput(f"{database} holds no table: no .json and no .csv file")
    return list(found.values())


def _check_summary(path: Path, rows: dict[str, int], warnings: list[str]) -> None:
    if not path.is_file():
        warnings.append(f"{path.name} is missing: row counts were checked against the files' own row_count only")
        return
    summary = _object(path)
    results = summary.get("table_results", [])
    if not isinstance(results, list) or not all(
        isinstance(r, dict) and isinstance(r.get("table"), str) for r in results
    ):
        raise InvalidInput(f"{path.name}: table_results is not a list of tables; nothing was loaded", file=str(path))
    for result in results:
        table = result["table"]
        if result.get("success", True) is not True:
            raise InvalidInput(
                f"{path.name}: the export of {table} failed when this backup was made, so the backup is incomplete. "
                "Make a new one; nothing was loaded.",
                file=str(path),
                table=table,
            )
        _expect(path, f"table {table}", count_in(result, "rows", path), rows, table)
    warnings.extend(
        f"{table} is not in {path.name}: its count was checked against its own file only"
        for table in sorted(rows.keys() - {result["table"] for result in results})
    )
    stated = count_in(summary, "total_tables", path)
    if stated is not None and stated != len(results):
        raise InvalidInput(
            f"{path.name}: total_tables says {stated}, but table_results lists {len(results)}; nothing was loaded",
            file=str(path),
        )
    if count_in(summary, "failed_tables", path):
        raise InvalidInput(
            f"{path.name}: failed_tables is not 0, so the backup is incomplete. Make a new one; nothing was loaded.",
            file=str(path),
        )
    _expect(path, "total_users", count_in(summary, "total_users", path), rows, "users")


def _check_schema_info(path: Path, rows: dict[str, int]) -> None:
    if not path.is_file():
        return
    tables = _object(path).get("tables", [])
    if not isinstance(tables, list) or not all(isinstance(table, str) for table in tables):
        raise InvalidInput(f"{path.name}: tables is not a list of names; nothing was loaded", file=str(path))
    for table in tables:
        _expect(path, f"table {table}", None, rows, table)


def _check_profiles(path: Path, rows: dict[str, int]) -> None:
    if path.is_file():
        _expect(path, "total_users", count_in(_object(path), "total_users", path), rows, "users")


def _expect(path: Path, what: str, stated: int | None, rows: dict[str, int], table: str) -> None:
    if table not in rows:
        raise InvalidInput(
            f"{path.name} lists {what}, but the backup has no file database/{table}.json or .csv. "
            "The backup is incomplete; nothing was loaded.",
            file=str(path),
            table=table,
        )
    if stated is not None and stated != rows[table]:
        raise InvalidInput(
            f"{path.name}: {what} says {stated}, but the file of {table} holds {rows[table]} rows. "
            "Rows are missing or were added since; make a new backup. Nothing was loaded.",
            file=str(path),
            table=table,
        )


def _object(path: Path) -> dict[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict):
        raise InvalidInput(f"{path.name}: expected a JSON object; nothing was loaded", file=str(path))
    return document
