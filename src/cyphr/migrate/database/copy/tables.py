"""Copies tables and parts of tables, several at a time, and builds a table's indexes while others are still copied."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.parts import Part
from cyphr.migrate.database.copy.points import queries
from cyphr.migrate.database.copy.pump import Throttle, pump
from cyphr.migrate.database.follow.stream import SlotSnapshot, format_lsn
from cyphr.migrate.database.wire import SESSION_OPTIONS

OnBlock = Callable[[Table, int, int], None]
Finish = Callable[[Table], Awaitable[None]]


@dataclass
class CopyJob:
    """What is to be copied, and how."""

    source: PostgresSettings
    target: PostgresSettings
    point: SlotSnapshot
    workers: int
    throttle: Throttle
    on_block: OnBlock
    """Told of every block: table, rows and bytes of it."""
    finish: Finish
    """Called when a table's rows are there, while others are still copied: builds its indexes."""
    whole: Sequence[Table] = ()
    parts: Mapping[Table, Sequence[Part]] = field(default_factory=dict)


async def copy_tables(job: CopyJob) -> None:
    """Copy everything in ``job``, the largest first, ``job.workers`` at a time. Raises Unavailable, psycopg.Error."""
    work: list[Table | Part] = [*job.whole, *(part for parts in job.parts.values() for part in parts)]
    queue = sorted(work, key=lambda each: each.bytes)
    missing = Counter({table: len(parts) for table, parts in job.parts.items()})

    async def one_worker() -> None:
        async with (
            await connect(job.source, options=SESSION_OPTIONS) as reader,
            await connect(job.target, options=SESSION_OPTIONS) as writer,
        ):
            await writer.execute("set session_replication_role = replica")
            while queue:
                each = queue.pop()
                if isinstance(each, Table):
                    await _copy_table(job, reader, writer, each)
                    await job.finish(each)
                    continue
                await _copy_part(job, reader, writer, each)
                missing[each.table] -= 1
                if not missing[each.table]:
                    await job.finish(each.table)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(job.workers, len(queue))):
                group.create_task(one_worker())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures  # the others failed for the same reason, or were cancelled by it


async def _copy_table(job: CopyJob, reader: AsyncConnection, writer: AsyncConnection, table: Table) -> None:
    columns = sql.SQL("({})").format(_columns(table)) if table.sent_columns else sql.SQL("")  # it may have none
    form = _form(table)
    out = sql.SQL("copy {} {} to stdout (format {})").format(table.identifier, columns, form)
    # FREEZE writes rows that need no later vacuum; it demands that this transaction truncated the table.
    into = sql.SQL("copy {} {} from stdin (format {}, freeze)").format(table.identifier, columns, form)
    async with reader.transaction(), writer.transaction():
        await _take_snapshot(reader, job.point)
        await table.truncate(writer)
        rows, size = await _pump(job, reader, writer, table, out, into)
        await writer.execute(queries.record_table, _record(table, job.point, rows, size))


async def _copy_part(job: CopyJob, reader: AsyncConnection, writer: AsyncConnection, part: Part) -> None:
    table = part.table
    columns, form = _columns(table), _form(table)
    end = sql.SQL("") if part.end_block is None else sql.SQL(" and ctid < {}").format(f"({part.end_block},0)")
    out = sql.SQL("copy (select {} from only {} where ctid >= {}{}) to stdout (format {})").format(
        columns, table.identifier, f"({part.first_block},0)", end, form
    )
    mixes = part.others_lsn is not None and part.others_lsn != job.point.lsn
    place = sql.Identifier("pg_temp", "cyphr_part") if mixes else table.identifier
    into = sql.SQL("copy {} ({}) from stdin (format {})").format(place, columns, form)
    async with reader.transaction(), writer.transaction():
        await _take_snapshot(reader, job.point)
        await _demand_same_place(reader, part)
        if mixes:
            await writer.execute(
                sql.SQL("create temp table cyphr_part on commit drop as select {} from {} with no data").format(
                    columns, table.identifier
                )
            )
        rows, size = await _pump(job, reader, writer, table, out, into)
        if mixes:
            await _merge(writer, table, columns)
        values = _record(table, job.point, rows, size)
        await writer.execute(queries.lock_parts, values)
        await writer.execute(queries.record_part, {**values, "number": part.number})
        await writer.execute(queries.record_table_of_parts, values)


async def _merge(writer: AsyncConnection, table: Table, columns: sql.Composable) -> None:
    """A row may have moved between the two points from a part that is here into this one: the later one stands."""
    same = sql.SQL(" and ").join(sql.SQL("t.{0} = p.{0}").format(sql.Identifier(name)) for name in table.key)
    await writer.execute("analyze cyphr_part")
    await writer.execute(
        sql.SQL("delete from only {} as t using cyphr_part as p where {}").format(table.identifier, same)
    )
    await writer.execute(
        sql.SQL("insert into {} ({}) overriding system value select {} from cyphr_part").format(
            table.identifier, columns, columns
        )
    )


async def _take_snapshot(reader: AsyncConnection, point: SlotSnapshot) -> None:
    # One transaction for each table: its lock on the source, which a TRUNCATE there waits for, ends with it.
    await reader.execute("set transaction isolation level repeatable read, read only")
    await reader.execute(sql.SQL("set transaction snapshot {}").format(point.snapshot))


async def _demand_same_place(reader: AsyncConnection, part: Part) -> None:
    await reader.execute(sql.SQL("lock table only {} in access share mode").format(part.table.identifier))
    names = {"schema": part.table.schema, "table": part.table.name}
    row = await (await reader.execute(queries.filenode, names)).fetchone()
    if row is None or row[0] != part.filenode:
        raise Unavailable(
            f"the rows of {part.table.title} were written anew on the source (VACUUM FULL, CLUSTER or TRUNCATE) while "
            "it was copied in parts; its copy begins anew"
        )


async def _pump(
    job: CopyJob, reader: AsyncConnection, writer: AsyncConnection, table: Table, out: sql.Composed, into: sql.Composed
) -> tuple[int, int]:
    passed = [0, 0]

    def on_block(rows: int, size: int) -> None:
        job.on_block(table, rows - passed[0], size - passed[1])
        passed[:] = rows, size

    return await pump(reader.pgconn, writer.pgconn, out.as_bytes(reader), into.as_bytes(writer), job.throttle, on_block)


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.sent_columns)


def _form(table: Table) -> sql.SQL:
    return sql.SQL("binary") if table.is_binary_alike else sql.SQL("text")


def _record(table: Table, point: SlotSnapshot, rows: int, size: int) -> dict[str, str | int]:
    return {"schema": table.schema, "table": table.name, "lsn": format_lsn(point.lsn), "rows": rows, "bytes": size}
