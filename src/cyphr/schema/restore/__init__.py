"""Restore a backup folder into a database that has Cyphr's schema: all of it in one transaction, or nothing.

Running it again changes nothing: a row that is there and equal counts as present, one that is there with other
content is a Conflict.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Conflict, InvalidInput, NotAllowed
from cyphr.foundation.postgres import MOVED
from cyphr.schema.restore.backup import Backup, read_backup
from cyphr.schema.restore.catalogue import Relation, dependency_order, read_catalogue
from cyphr.schema.restore.formats import TableFile
from cyphr.schema.restore.staging import Staged, check_keys, check_present, check_references, find_difference, stage
from cyphr.schema.restore.views import check_view

_LOCK = 0x726573746F7265  # "restore": two restores must not interleave


@dataclass(frozen=True)
class RestoredTable:
    """One table's outcome: ``loaded`` rows are new, ``present`` ones were there and equal."""

    table: str
    file: str
    rows: int
    loaded: int
    present: int


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    folder: Path
    tables: list[RestoredTable]
    warnings: list[str] = field(default_factory=list)

    @property
    def loaded(self) -> int:
        """Rows that are new in the database."""
        return sum(table.loaded for table in self.tables)

    @property
    def present(self) -> int:
        """Rows that were there already, equal."""
        return sum(table.present for table in self.tables)


async def restore_backup(connection: AsyncConnection, folder: Path) -> Restored:
    """Load the backup in ``folder`` (or in its only dated subfolder) in one transaction.

    ``connection``: in autocommit mode, as the role that owns the tables. Raises InvalidInput when the backup does not
    agree with itself or with the tables (naming file, row and column), Conflict when it contradicts rows that are
    there, NotAllowed when the role does not see all rows. After an error nothing was loaded.
    """
    backup = await asyncio.to_thread(read_backup, folder)
    try:
        async with connection.transaction():
            # Times without an offset are UTC; years come first.
            await connection.execute("set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'")
            await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            return await _restore(connection, backup)
    except psycopg.Error as error:
        raise _translated(error) from error


async def _restore(connection: AsyncConnection, backup: Backup) -> Restored:
    relations = await read_catalogue(connection)
    _check_tables(backup, relations)
    tables = [file for file in backup.tables if not relations[file.table].is_view]
    staged = {file.table: await stage(connection, file, relations[file.table]) for file in tables}
    present: dict[str, int] = {}
    for one in staged.values():
        await check_keys(connection, one)
        await check_references(connection, one, staged)
        present[one.relation.name] = await check_present(connection, one)
    loaded: dict[str, int] = {}
    for group in dependency_order(one.relation for one in staged.values()):
        loaded |= await _load(connection, [staged[relation.name] for relation in group])
    for one in staged.values():
        await _check_loaded(connection, one, present[one.relation.name] + loaded[one.relation.name])
    warnings = [*backup.warnings]
    for file in backup.tables:
        if relations[file.table].is_view:
            warnings += await check_view(connection, file, relations[file.table])
    results = [
        RestoredTable(file.table, file.path.name, len(file.rows), loaded.get(file.table, 0), present.get(file.table, 0))
        for file in backup.tables
    ]
    return Restored(backup.folder, results, warnings)


def _check_tables(backup: Backup, relations: dict[str, Relation]) -> None:
    unknown = [file for file in backup.tables if file.table not in relations]
    if len(unknown) == len(backup.tables):
        raise InvalidInput(
            "this database has none of the backup's tables; is it the right one? Give it Cyphr's schema first "
            "(cyphr restore-backup --create-schema does). Nothing was loaded."
        )
    if unknown:
        raise _unusable(
            unknown[0], f"the database has no table {unknown[0].table}", "Remove the file, or migrate first"
        )
    for file in backup.tables:
        relation = relations[file.table]
        if relation.hidden_by_policies:
            raise NotAllowed(
                f"row-level security hides rows of {file.table} from this role; connect as the tables' owner. "
                "Nothing was loaded.",
                table=file.table,
            )
        if not relation.is_view and not relation.key:
            raise _unusable(file, f"the table {file.table} has no primary key", "Give it one")


def _unusable(file: TableFile, reason: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"{file.path.name}: {reason}. {remedy}; nothing was loaded.", file=str(file.path))


async def _load(connection: AsyncConnection, group: list[Staged]) -> dict[str, int]:
    """Insert what is not there yet, the whole group by one statement; rows inserted by table."""
    inserts = [_insert(one) for one in group]
    counts = [
        sql.SQL("select {}, count(*) from {}").format(
            sql.Literal(one.relation.name), sql.Identifier(f"load_{one.relation.name}")
        )
        for one in group
    ]
    cursor = await connection.execute(
        sql.SQL("with {} {}").format(sql.SQL(", ").join(inserts), sql.SQL(" union all ").join(counts))
    )
    return dict(await cursor.fetchall())


def _insert(one: Staged) -> sql.Composed:
    columns = [name for name in one.columns if not one.relation.columns[name].generated] or one.relation.key
    # Oldest first: where the database numbers rows as they come, that is the order in which people saw them.
    order = ["created_at", "_row"] if "created_at" in columns else ["_row"]
    return sql.SQL(
        "{name} as (insert into {target} ({columns}) overriding system value select {columns} from {staged} s"
        " where not exists (select from {target} t where {same}) order by {order} returning 1)"
    ).format(
        name=sql.Identifier(f"load_{one.relation.name}"),
        target=one.target,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        staged=one.table,
        same=one.same_key(),
        order=sql.SQL(", ").join(map(sql.Identifier, order)),
    )


async def _check_loaded(connection: AsyncConnection, staged: Staged, found: int) -> None:
    name, path = staged.relation.name, staged.file.path
    if found != len(staged.file.rows):
        raise Conflict(
            f"{path.name}: of {len(staged.file.rows)} rows {found} arrived; a trigger or rule of {name} drops rows. "
            "Nothing was loaded.",
            file=str(path),
        )
    if (changed := await find_difference(connection, staged)) is not None:
        raise Conflict(
            f"{path.name}, row {changed[0]}, column {', '.join(changed[1])}: the database changed the value as it was "
            "loaded; a trigger does that. Disable it for the restore; nothing was loaded.",
            file=str(path),
            row=changed[0],
        )


def _translated(error: psycopg.Error) -> Exception:
    """An error of the database that no check foresaw, without the values that its message may hold."""
    where: dict[str, Any] = {
        name: value
        for name in ("table_name", "column_name", "constraint_name")
        if (value := getattr(error.diag, name)) is not None
    }
    place = ", ".join(f"{name.removesuffix('_name')} {value}" for name, value in where.items())
    if error.sqlstate == MOVED:
        return Conflict("this database has been handed over to the other side; restore there. Nothing was loaded.")
    kind = NotAllowed if isinstance(error, psycopg.errors.InsufficientPrivilege) else Conflict
    said = f" ({error.diag.message_primary})" if kind is NotAllowed else ""
    return kind(
        f"the database refused the backup with SQLSTATE {error.sqlstate}{': ' + place if place else ''}{said}. "
        "Nothing was loaded.",
        sqlstate=error.sqlstate,
        **where,
    )
