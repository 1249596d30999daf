"""Whole tables: the number of their rows and the sum of their hashes, which does not depend on the rows' order.

Nothing is grouped while the tables are equal, because grouping doubles a scan's time. A table that differs is read
again in parts, by a hash of the key; the parts that differ are opened to their rows.
"""

from collections.abc import Sequence

from psycopg import sql

from cyphr.foundation.cancellation import together
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.verify.rows import LINES_PER_TABLE, TableVerification, count_differences, describe
from cyphr.migrate.database.verify.view import Rows, View

_ROWS_PER_PART = 512
_FEWEST_PARTS, _MOST_PARTS = 64, 65_536
_ROWS_OPENED = 50_000
"""Rows of one side held in memory at a time, unless one part alone has more."""


async def verify_tables(
    source: View, target: View, tables: Sequence[Table], *, limit: int = LINES_PER_TABLE
) -> list[TableVerification]:
    """Compare every row of ``tables``; the views must show the same point of the stream.

    ``limit``: about how many differing rows of a table to look for.
    """
    large = [table for table in tables if source.is_large(table)]
    small = [table for table in tables if not source.is_large(table)]
    # A large table occupies as many processes of the server as all connections do with small ones.
    found = [await _verify_table(source, target, table, limit) for table in large]
    return found + await together(_verify_table(source, target, table, limit) for table in small)


async def _verify_table(source: View, target: View, table: Table, limit: int) -> TableVerification:
    result = TableVerification(table, limit=limit)
    if unlike := unlike_columns(source, target, table):
        result.lines = unlike
        return result
    (ours, our_sum), (theirs, their_sum) = await together((_sum(source, table), _sum(target, table)))
    result.rows = ours
    if (ours, our_sum) != (theirs, their_sum):
        result.is_rewritten = await is_rewritten(source, target, table)
        if not result.is_rewritten:
            await _open_parts(source, target, result, most_rows=max(ours, theirs))
    return result


async def is_rewritten(source: View, target: View, table: Table) -> bool:
    """Whether the table cannot be read any more as one of the views shows it; see ``View.is_rewritten``."""
    return any(await together(view.is_rewritten(table) for view in (source, target)))


def unlike_columns(source: View, target: View, table: Table) -> list[str]:
    """What makes the table's rows impossible to compare: it is missing, or its columns are others."""
    if (table.schema, table.name) not in target.shapes:
        return [f"{table.title}: missing on the receiving side"]
    ours, theirs = source.columns(table), target.columns(table)
    missing = [name for name in ours if name not in theirs]
    if missing:
        return [f"{table.title}: column {', '.join(missing)} is missing on the receiving side"]
    unlike = [name for name, column in ours.items() if column.kind != theirs[name].kind]
    return [f"{table.title}: column {name} has another type on the receiving side" for name in unlike]


async def _sum(view: View, table: Table) -> tuple[int, int]:
    query = sql.SQL("select count(*), coalesce(sum({hash}), 0)::numeric from {table}")
    [(rows, total)] = await view.scan(table, query, hash=view.row_hash(table))
    return rows, int(total)


async def _open_parts(source: View, target: View, result: TableVerification, *, most_rows: int) -> None:
    """Find the rows that differ in a table that does, and describe as many as ``result`` has room for."""
    table = result.table
    parts = _FEWEST_PARTS
    while parts * _ROWS_PER_PART < most_rows and parts < _MOST_PARTS:
        parts *= 2
    ours, theirs = await together((_parts(source, table, parts), _parts(target, table, parts)))
    different = sorted(part for part in ours.keys() | theirs.keys() if ours.get(part) != theirs.get(part))
    while different and result.room > 0:
        opened: list[int] = []
        rows = 0
        while different and (not opened or rows < _ROWS_OPENED):
            opened.append(different.pop(0))
            rows += max(ours.get(opened[-1], (0, 0))[0], theirs.get(opened[-1], (0, 0))[0])
        found = await together((_open(source, table, parts, opened), _open(target, table, parts, opened)))
        result.found += count_differences(*found)
    result.parts_unopened = len(different)
    await describe(source, target, result)


def _part(view: View, table: Table, parts: int) -> sql.Composable:
    return sql.SQL("({} & {})").format(view.key_hash(table), sql.Literal(parts - 1))


async def _parts(view: View, table: Table, parts: int) -> dict[int, tuple[int, int]]:
    """Part → its number of rows and the sum of their hashes."""
    query = sql.SQL("select {part}, count(*), sum({hash})::numeric from {table} group by 1")
    found = await view.scan(table, query, part=_part(view, table, parts), hash=view.row_hash(table))
    return {part: (rows, int(total)) for part, rows, total in found}


async def _open(view: View, table: Table, parts: int, opened: list[int]) -> Rows:
    """Key, hash and number of the rows in the ``opened`` parts; equal rows are one."""
    query = sql.SQL("select {key}, {hash}, count(*) from {table} where {part} = any ({opened}::bigint[]) group by 1, 2")
    return await view.scan(
        table,
        query,
        opened=sql.Literal(opened),
        key=view.key_values(table),
        hash=view.row_hash(table),
        part=_part(view, table, parts),
    )
