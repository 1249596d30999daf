"""Repair: make rows of the receiving side what they are on the sending side, at one point of the stream.

The applier rests at that point while rows are exchanged, so that nothing is overtaken: what it applies next is what
came next. A row is exchanged only if it still differs then.
"""

from collections.abc import Sequence

from psycopg import AsyncConnection, sql

from cyphr.foundation.cancellation import together
from cyphr.foundation.errors import VerificationFailed
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.verify.keys import open_keys
from cyphr.migrate.database.verify.rows import TableVerification, count_differences, name_of
from cyphr.migrate.database.verify.view import Rows, View


def demand_repairable(found: Sequence[TableVerification], limit: int) -> None:
    """Raise VerificationFailed, before anything is changed, when not every differing row is known or they are many."""
    hopeless = [line for each in found if each.lines and not each.found for line in each.lines]
    if hopeless:
        raise VerificationFailed(
            f"nothing was repaired: {'; '.join(hopeless[:5])}. Make both schemas alike first.", differences=hopeless
        )
    count = sum(len(each.by_row()) for each in found)
    if count > limit or any(each.parts_unopened for each in found):
        titles = ", ".join(each.table.title for each in found if each.found)
        raise VerificationFailed(
            f"nothing was repaired: more than {limit} rows of {titles} differ. "
            "Find out why, then give a higher --limit or copy again."
        )


async def repair_rows(
    source: View, target: View, connection: AsyncConnection, found: Sequence[TableVerification]
) -> list[str]:
    """Exchange the rows that were ``found``, in one transaction on ``connection``, the one that ``target`` reads with.

    Both views must show the point at which the applier rests. Returns the rows that were exchanged, by name.
    """
    repaired: list[str] = []
    async with connection.transaction():
        # Nothing of the receiving side's own may answer to this: no trigger, no cascade, no fence.
        await connection.execute("set local session_replication_role = replica")
        for result in found:
            if result.found:
                repaired += await _repair_table(source, target, result)
    return repaired


async def _repair_table(source: View, target: View, result: TableVerification) -> list[str]:
    table = result.table
    if table.key:
        keys = [rows[0].key for rows in result.by_row()]
        now = count_differences(*await together((open_keys(source, table, keys), open_keys(target, table, keys))))
        still = sorted({difference.key for difference in now})
        if still:
            await _exchange(source, target, table, *(view.rows_with_keys(table, still) for view in (source, target)))
        return [f"{table.title} {name_of(table, key)}" for key in still]
    hashes = [difference.hash for difference in result.found]
    now = count_differences(*await together((_open_hashes(source, table, hashes), _open_hashes(target, table, hashes))))
    if now:
        unlike = [difference.hash for difference in now]
        await _exchange(source, target, table, *(view.rows_with_hashes(table, unlike) for view in (source, target)))
    return [f"{table.title}: {each.there} rows like one without a key became {each.here}" for each in now]


async def _open_hashes(view: View, table: Table, hashes: list[int]) -> Rows:
    query = sql.SQL("select {}, {}, count(*) from {} group by 1, 2")
    return await view.rows(
        query.format(view.key_values(table), view.row_hash(table), view.rows_with_hashes(table, hashes))
    )


async def _exchange(source: View, target: View, table: Table, ours: sql.Composable, theirs: sql.Composable) -> None:
    """Put the rows ``ours`` of the sending side in place of ``theirs``, as COPY's text, which every type has."""
    columns = [sql.Identifier(column.name) for column in table.sent_columns]
    names = sql.SQL(", ").join(columns)
    values = sql.SQL(", ").join(sql.SQL("t.{}").format(column) for column in columns)
    remove = sql.SQL("delete from only {} where ctid in (select t.ctid from {})").format(table.identifier, theirs)
    take = sql.SQL("copy (select {} from {}) to stdout").format(values, ours)
    put = sql.SQL("copy {} ({}) from stdin").format(table.identifier, names)
    async with source.connection() as reader, target.connection() as writer:
        await writer.execute(remove)
        async with reader.cursor().copy(take) as outgoing, writer.cursor().copy(put) as incoming:
            async for block in outgoing:
                await incoming.write(block)
