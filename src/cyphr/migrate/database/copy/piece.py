"""Copies one table, or a part of one, between two connections, in one transaction that also records it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

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

Piece = Table | Part
OnBlock = Callable[[int, int], None]


@dataclass(frozen=True)
class CopyPlace:
    """From where, to where, and as of which point of the stream."""

    source: PostgresSettings
    target: PostgresSettings
    point: SlotSnapshot


class PieceCopier:
    """One connection to each side, for one piece after the other. ``on_block(rows, bytes)`` is told of every block."""

    def __init__(
        self,
        reader: AsyncConnection,
        writer: AsyncConnection,
        point: SlotSnapshot,
        throttle: Throttle,
        on_block: OnBlock,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.point = point
        self._throttle = throttle
        self._on_block = on_block

    @classmethod
    @asynccontextmanager
    async def open(cls, place: CopyPlace, throttle: Throttle, on_block: OnBlock) -> AsyncIterator["PieceCopier"]:
        """Connect to both sides. Raises Unavailable."""
        async with (
            await connect(place.source, options=SESSION_OPTIONS) as reader,
            await connect(place.target, options=SESSION_OPTIONS) as writer,
        ):
            await writer.execute("set session_replication_role = replica")
            yield cls(reader, writer, place.point, throttle, on_block)

    async def copy(self, piece: Piece) -> None:
        """Copy it. Raises Unavailable when the rows of its table were written anew meanwhile; psycopg.Error."""
        if isinstance(piece, Table):
            await _copy_table(self, piece)
        else:
            await _copy_part(self, piece)

    async def pump(self, out: sql.Composed, into: sql.Composed) -> tuple[int, int]:
        """Pipe one COPY into the other; (rows, bytes)."""
        commands = out.as_bytes(self.reader), into.as_bytes(self.writer)
        return await pump(self.reader.pgconn, self.writer.pgconn, *commands, self._throttle, self._on_block)


async def _copy_table(copier: PieceCopier, table: Table) -> None:
    reader, writer, point = copier.reader, copier.writer, copier.point
    columns = sql.SQL("({})").format(_columns(table)) if table.sent_columns else sql.SQL("")  # it may have none
    form = _form(table)
    out = sql.SQL("copy {} {} to stdout (format {})").format(table.identifier, columns, form)
    # FREEZE writes rows that need no later vacuum; it demands that this transaction truncated the table.
    into = sql.SQL("copy {} {} from stdin (format {}, freeze)").format(table.identifier, columns, form)
    async with reader.transaction(), writer.transaction():
        await _take_snapshot(reader, point)
        await table.truncate(writer)
        rows, size = await copier.pump(out, into)
        await writer.execute(queries.record_table, _record(table, point, rows, size))


async def _copy_part(copier: PieceCopier, part: Part) -> None:
    reader, writer, point, table = copier.reader, copier.writer, copier.point, part.table
    columns, form = _columns(table), _form(table)
    end = sql.SQL("") if part.end_block is None else sql.SQL(" and ctid < {}").format(f"({part.end_block},0)")
    out = sql.SQL("copy (select {} from only {} where ctid >= {}{}) to stdout (format {})").format(
        columns, table.identifier, f"({part.first_block},0)", end, form
    )
    mixes = part.others_lsn is not None and part.others_lsn != point.lsn
    place = sql.Identifier("pg_temp", "cyphr_part") if mixes else table.identifier
    into = sql.SQL("copy {} ({}) from stdin (format {})").format(place, columns, form)
    async with reader.transaction(), writer.transaction():
        await _take_snapshot(reader, point)
        await _demand_same_place(reader, part)
        if mixes:
            await writer.execute(
                sql.SQL("create temp table cyphr_part on commit drop as select {} from {} with no data").format(
                    columns, table.identifier
                )
            )
        rows, size = await copier.pump(out, into)
        if mixes:
            await _merge(writer, table, columns)
        values = _record(table, point, rows, size)
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


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.sent_columns)


def _form(table: Table) -> sql.SQL:
    return sql.SQL("binary") if table.is_binary_alike else sql.SQL("text")


def _record(table: Table, point: SlotSnapshot, rows: int, size: int) -> dict[str, str | int]:
    return {"schema": table.schema, "table": table.name, "lsn": format_lsn(point.lsn), "rows": rows, "bytes": size}
