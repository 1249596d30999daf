"""One table's rows in a temporary table of the same types, where they are checked before anything is loaded.

COPY into typed columns lets PostgreSQL itself judge every value, and its error says which line and column; the checks
that follow are set-based, and find the row to name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Conflict, InvalidInput
from cyphr.schema.restore.catalogue import ForeignKey, Relation
from cyphr.schema.restore.formats import TableFile, describe
from cyphr.schema.restore.values import as_text, misfit

_PLACE = re.compile(r"COPY \S+, \S+ (\d+)(?:, \S+ ([^:]+))?")  # "COPY restore_users, line 3, column is_online: …"
_REASONS = {
    "22001": "it is longer than the column allows",
    "22003": "it is out of range",
    "22007": "it is no valid time",
    "22008": "it is out of range",
}


@dataclass(frozen=True)
class Staged:
    """A file's rows in their staging table. ``shapes``: the sets of columns that rows give; absent means default."""

    file: TableFile
    relation: Relation
    shapes: list[list[str]]

    @property
    def columns(self) -> list[str]:
        """The columns that any row gives."""
        return list(dict.fromkeys(name for shape in self.shapes for name in shape))

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier("pg_temp", f"restore_{self.relation.name}")

    @property
    def target(self) -> sql.Identifier:
        return sql.Identifier("public", self.relation.name)

    def same_key(self, left: str = "s", right: str = "t") -> sql.Composed:
        """``s.id = t.id`` over the primary key."""
        return _equal(left, self.relation.key, right, self.relation.key)


async def stage(connection: AsyncConnection, file: TableFile, relation: Relation) -> Staged:
    """Copy a file's rows into a new staging table. Raises InvalidInput for the first value that does not fit."""
    shapes = _shapes(file, relation)
    staged = Staged(file, relation, [list(shape) for shape in shapes])
    await _create(connection, staged)
    for number, (shape, rows) in enumerate(shapes.items()):
        await _copy_in(connection, staged, number, shape, rows)
    await connection.execute(sql.SQL("analyze {}").format(staged.table))
    return staged


async def _create(connection: AsyncConnection, staged: Staged) -> None:
    # Constraints come along, so that the error names the row. A column that no row gives is left to the table itself.
    await connection.execute(
        sql.SQL("create temp table {} (like {} including constraints including defaults) on commit drop").format(
            staged.table, staged.target
        )
    )
    loosen = [
        sql.SQL("alter column {0} drop not null, alter column {0} drop default").format(sql.Identifier(name))
        for name in staged.relation.columns
        if name not in staged.columns
    ]
    await connection.execute(
        sql.SQL("alter table {} {}").format(
            staged.table, sql.SQL(", ").join([*loosen, sql.SQL("add column _row int, add column _shape int")])
        )
    )


def _shapes(file: TableFile, relation: Relation) -> dict[tuple[str, ...], list[int]]:
    """Row numbers (1-based) by the set of columns they give, after checking that the columns exist."""
    shapes: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(file.rows, start=1):
        shapes.setdefault(tuple(row), []).append(number)
    for shape, numbers in shapes.items():
        for name in shape:
            if name not in relation.columns:
                raise misfit(file, numbers[0], name, f"the table {relation.name} has no such column")
        for name in relation.key:
            if name not in shape:
                raise misfit(file, numbers[0], name, "the row has no key, so it could not be recognised a second time")
        for column in relation.columns.values():
            if column.required and not column.has_default and column.name not in shape:
                raise misfit(file, numbers[0], column.name, "the row does not give it, and it has no default")
    return shapes


async def _copy_in(
    connection: AsyncConnection, staged: Staged, number: int, shape: tuple[str, ...], rows: list[int]
) -> None:
    file, columns = staged.file, [staged.relation.columns[name] for name in shape]
    statement = sql.SQL("copy {} (_row, _shape, {}) from stdin").format(staged.table, _names(shape))
    try:
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                values = file.rows[row - 1]
                texts = [as_text(file, row, column, values[column.name]) for column in columns]
                await copy.write_row([row, number, *texts])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise _refused(staged, rows, error) from error


def _refused(staged: Staged, rows: list[int], error: psycopg.Error) -> InvalidInput:
    """PostgreSQL's complaint about a copied line, with the file's row and column and without the value."""
    place = _PLACE.match(error.diag.context or "")
    if place is None:
        return InvalidInput(
            f"{staged.file.path.name}: PostgreSQL refused a row ({error.sqlstate}); nothing was loaded",
            file=str(staged.file.path),
        )
    row = rows[int(place[1]) - 1]
    name = place[2] if place[2] in staged.relation.columns else None
    if name is None:
        rule = f"the row breaks the rule {error.diag.constraint_name or error.sqlstate}"
        return misfit(staged.file, row, None, rule, sqlstate=error.sqlstate)
    column, value = staged.relation.columns[name], staged.file.rows[row - 1][name]
    reason = f"expected {column.type}, found {describe(value)}"
    if (why := _REASONS.get(error.sqlstate or "")) is not None:
        reason = f"{reason}: {why}"
    return misfit(staged.file, row, name, reason, sqlstate=error.sqlstate)


async def check_keys(connection: AsyncConnection, staged: Staged) -> None:
    """No key and no unique value twice in the file. Raises Conflict naming both rows."""
    for columns in staged.relation.unique:
        cursor = await connection.execute(
            sql.SQL(
                "select min(_row), (array_agg(_row order by _row))[2] from {table} where ({columns}) is not null"
                " group by {names} having count(*) > 1 order by 1 limit 1"
            ).format(table=staged.table, columns=_names(columns), names=_names(columns))
        )
        if (twice := await cursor.fetchone()) is not None:
            raise Conflict(
                f"{staged.file.path.name}, row {twice[1]}, column {', '.join(columns)}: the same value as in row "
                f"{twice[0]}, but it must be unique. Remove one of the rows; nothing was loaded.",
                file=str(staged.file.path),
                row=twice[1],
                column=columns[0],
            )


async def check_references(connection: AsyncConnection, staged: Staged, others: Mapping[str, Staged]) -> None:
    """Every reference points at a row of the backup or of the database. Raises InvalidInput naming the missing key."""
    for key in staged.relation.foreign_keys:
        targets = [sql.Identifier(key.referenced_schema, key.referenced_table)]
        if key.referenced_schema == "public" and key.referenced_table in others:
            targets.append(others[key.referenced_table].table)
        cursor = await connection.execute(
            sql.SQL(
                "select s._row, concat_ws(', ', {values}) from {table} s where ({values}) is not null and {missing}"
                " order by 1 limit 1"
            ).format(
                values=sql.SQL(", ").join(sql.Identifier("s", name) for name in key.columns),
                table=staged.table,
                missing=sql.SQL(" and ").join(_missing_in(target, key) for target in targets),
            )
        )
        if (dangling := await cursor.fetchone()) is not None:
            raise misfit(
                staged.file,
                dangling[0],
                ", ".join(key.columns),
                f"it points at {key.referenced_table} {dangling[1]}, which neither the backup nor the database has",
            )


async def check_present(connection: AsyncConnection, staged: Staged) -> int:
    """How many rows are in the database already, equal. Raises Conflict for one that is there with other content."""
    for columns in staged.relation.unique:
        if columns == staged.relation.key:
            continue
        cursor = await connection.execute(
            sql.SQL("select s._row from {} s join {} t on {} where not ({}) order by 1 limit 1").format(
                staged.table, staged.target, _equal("s", columns, "t", columns), staged.same_key()
            )
        )
        if (taken := await cursor.fetchone()) is not None:
            raise Conflict(
                f"{staged.file.path.name}, row {taken[0]}, column {', '.join(columns)}: another row of the database "
                "has this value, and it must be unique. Restore into an empty database, or mend that row. "
                "Nothing was loaded.",
                file=str(staged.file.path),
                row=taken[0],
                column=columns[0],
            )
    if (different := await find_difference(connection, staged)) is not None:
        row, columns = different
        raise Conflict(
            f"{staged.file.path.name}, row {row}: the database has a row with this key whose "
            f"{', '.join(columns)} differs. Restore into an empty database, or remove that row there. "
            "Nothing was loaded.",
            file=str(staged.file.path),
            row=row,
            column=columns[0],
        )
    cursor = await connection.execute(
        sql.SQL("select count(*) from {} s join {} t on {}").format(staged.table, staged.target, staged.same_key())
    )
    return int((await cursor.fetchone() or (0,))[0])


async def find_difference(connection: AsyncConnection, staged: Staged) -> tuple[int, list[str]] | None:
    """The first row whose counterpart in the database has other values in the columns given, and those columns."""
    for number, shape in enumerate(staged.shapes):
        differing = [
            sql.SQL("case when {s} is distinct from {t} then {name} end").format(
                s=_comparable(staged, "s", name), t=_comparable(staged, "t", name), name=sql.Literal(name)
            )
            for name in shape
        ]
        cursor = await connection.execute(
            sql.SQL(
                "select * from (select s._row, array_remove(array[{}]::text[], null) as names from {} s join {} t on {}"
                " where s._shape = {}) d where names <> '{{}}' order by 1 limit 1"
            ).format(sql.SQL(", ").join(differing), staged.table, staged.target, staged.same_key(), sql.Literal(number))
        )
        if (found := await cursor.fetchone()) is not None:
            return found[0], found[1]
    return None


def _comparable(staged: Staged, alias: str, name: str) -> sql.Composed:
    # json has no equality of its own.
    cast = sql.SQL("::text") if staged.relation.columns[name].type == "json" else sql.SQL("")
    return sql.SQL("{}{}").format(sql.Identifier(alias, name), cast)


def _missing_in(target: sql.Identifier, key: ForeignKey) -> sql.Composed:
    return sql.SQL("not exists (select from {} r where {})").format(
        target, _equal("r", key.referenced_columns, "s", key.columns)
    )


def _equal(left: str, left_columns: list[str], right: str, right_columns: list[str]) -> sql.Composed:
    if not left_columns:
        return sql.SQL("{}").format(sql.SQL("true"))  # a view has no key, and one row
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, one), sql.Identifier(right, other))
        for one, other in zip(left_columns, right_columns, strict=True)
    )


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
