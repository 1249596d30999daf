"""Copy: bring over the rows that are there, as of one point of the stream, while they go on changing.

A table is truncated and filled in one transaction, which also records the point (``cyphr.copied``): whatever kills
this process, a table is either whole or empty. Tables copied after a restart belong to a later point; the applier
leaves out, table by table, what the copy shows already (the way PostgreSQL synchronises the tables of a subscription).
"""

import asyncio
from collections.abc import Callable

from psycopg import AsyncConnection, pq, sql

from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.stream import SlotSnapshot, format_lsn, parse_lsn
from cyphr.migrate.database.wire import flush, read_result, run_command, wait_readable

_BLOCK_BYTES = 256 * 1024


async def read_copied(target: AsyncConnection) -> dict[tuple[str, str], int]:
    """The tables that are copied already: (schema, name) → the point of the stream that their rows show."""
    cursor = await target.execute("select schema_name, table_name, snapshot_lsn::text from cyphr.copied")
    return {(schema, name): parse_lsn(lsn) for schema, name, lsn in await cursor.fetchall()}


async def copy_tables(
    source: PostgresSettings,
    target: PostgresSettings,
    tables: list[Table],
    point: SlotSnapshot,
    *,
    workers: int,
    on_rows: Callable[[Table, int, int], None],
) -> None:
    """Copy ``tables`` as the exported snapshot ``point`` shows them, the largest first, ``workers`` at a time.

    ``on_rows(table, rows, bytes)`` is called as blocks pass.
    """
    queue = sorted(tables, key=lambda table: table.bytes)

    async def work() -> None:
        async with await connect(source) as reader, await connect(target) as writer:
            await reader.execute("begin transaction isolation level repeatable read, read only")
            await reader.execute(sql.SQL("set transaction snapshot {}").format(point.snapshot))
            await writer.execute("set session_replication_role = replica")
            while queue:
                await _copy_table(reader, writer, queue.pop(), point.lsn, on_rows)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(workers, len(tables))):
            group.create_task(work())


async def _copy_table(
    reader: AsyncConnection,
    writer: AsyncConnection,
    table: Table,
    lsn: int,
    on_rows: Callable[[Table, int, int], None],
) -> None:
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.sent_columns)
    columns = sql.SQL("({})").format(names) if table.sent_columns else sql.SQL("")  # a table may have no column
    form = sql.SQL("binary" if table.only_built_in_types else "text")
    out = sql.SQL("copy {} {} to stdout (format {})").format(table.identifier, columns, form)
    # FREEZE writes rows that need no later vacuum; it demands that this transaction truncated the table.
    into = sql.SQL("copy {} {} from stdin (format {}, freeze)").format(table.identifier, columns, form)
    async with writer.transaction():
        await writer.execute(sql.SQL("truncate only {}").format(table.identifier))
        rows, size = await _pump(
            reader.pgconn,
            writer.pgconn,
            out.as_bytes(reader),
            into.as_bytes(writer),
            lambda rows, size: on_rows(table, rows, size),
        )
        await writer.execute(
            "insert into cyphr.copied (schema_name, table_name, snapshot_lsn, rows, bytes)"
            " values (%s, %s, %s::pg_lsn, %s, %s)",
            [table.schema, table.name, format_lsn(lsn), rows, size],
        )


async def _pump(
    source: pq.abc.PGconn, target: pq.abc.PGconn, out: bytes, into: bytes, on_block: Callable[[int, int], None]
) -> tuple[int, int]:
    """Pipe COPY out into COPY in, in large blocks; (rows, bytes). Memory: one block and what libpq buffers."""
    await run_command(source, out)
    await run_command(target, into)
    rows = size = 0
    block: list[bytes] = []
    pending = 0
    while True:
        length, data = source.get_copy_data(1)
        if length == 0:
            await wait_readable(source)
            source.consume_input()
            continue
        if length > 0:
            block.append(bytes(data))
            pending += length
            if pending < _BLOCK_BYTES:
                continue
        if block:
            target.put_copy_data(b"".join(block))
            await flush(target)
            rows, size, block, pending = rows + len(block), size + pending, [], 0
            on_block(rows, size)
        if length < 0:
            break
    await read_result(source)  # raises what ended the reading early
    target.put_copy_end()
    await flush(target)
    finished = await read_result(target)
    return finished.command_tuples or 0, size
