"""Only the rows that changed: one query per table and side, all of a side's sent together."""

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from cyphr.foundation.cancellation import together
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.touched import Key, Touched
from cyphr.migrate.database.verify.rows import TableVerification, count_differences, describe
from cyphr.migrate.database.verify.tables import is_rewritten, unlike_columns, verify_tables
from cyphr.migrate.database.verify.view import Rows, View

Wanted = list[tuple[Table, list[Key]]]


async def verify_touched(
    source: View, target: View, tables: Sequence[Table], touched: Touched
) -> list[TableVerification]:
    """Compare the rows that changed. The views must show the same point of the stream."""
    whole: list[Table] = []
    wanted: Wanted = []
    found: list[TableVerification] = []
    for table in tables:
        keys = touched.keys(table)
        if keys is None:
            whole.append(table)
        elif not keys:
            continue
        elif unlike := unlike_columns(source, target, table):
            found.append(TableVerification(table, lines=unlike))
        else:
            wanted.append((table, list(keys)))
    return [*found, *await _verify_keys(source, target, wanted), *await verify_tables(source, target, whole)]


async def _verify_keys(source: View, target: View, wanted: Wanted) -> list[TableVerification]:
    ours, theirs = await together((_sums(source, wanted), _sums(target, wanted)))
    found = []
    for (table, keys), here, there in zip(wanted, ours, theirs, strict=True):
        result = TableVerification(table, rows=len(keys))
        if here != there:
            result.is_rewritten = await is_rewritten(source, target, table)
        if here != there and not result.is_rewritten:
            result.found = count_differences(
                *await together((open_keys(source, table, keys), open_keys(target, table, keys)))
            )
            await describe(source, target, result)
        found.append(result)
    return found


async def _sums(view: View, wanted: Wanted) -> list[Any]:
    """Per table the number of its rows with the wanted keys, and the sum of their hashes."""
    async with view.connection() as connection:
        async with connection.pipeline():
            cursors = []
            for table, keys in wanted:
                query = sql.SQL("select count(*), sum({}) from {}").format(
                    view.row_hash(table), view.rows_with_keys(table, keys)
                )
                cursors.append(await connection.execute(query, prepare=False))
        return [await cursor.fetchone() for cursor in cursors]


async def open_keys(view: View, table: Table, keys: Sequence[Key]) -> Rows:
    """Key, hash and number of the rows with these keys; equal rows are one."""
    query = sql.SQL("select {}, {}, count(*) from {} group by 1, 2").format(
        view.key_values(table), view.row_hash(table), view.rows_with_keys(table, keys)
    )
    return await view.rows(query)
