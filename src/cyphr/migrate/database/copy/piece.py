"""Copies one table, or a part of one, between two connections, in one transaction that also records it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.parts import Part
from cyphr.migrate.database.copy.points import queries
from cyphr.migrate.database.copy.pump import Pump, Throttle
from cyphr.migrate.database.copy.reader import Reader, Sink
from cyphr.migrate.database.follow.stream import SlotSnapshot, format_lsn
from cyphr.migrate.database.wire import SESSION_OPTIONS

Piece = Table | Part


@dataclass(frozen=True)
class CopyPlace:
    """From where, to where, and as of which point of the stream."""

    source: PostgresSettings
    target: PostgresSettings
    point: SlotSnapshot
    has_references: bool = False
    """Whether the target's tables refer to each other already: such are emptied row by row."""


class PieceCopier:
    """One connection to each side, for one piece after the other."""

    def __init__(self, reader: Reader, writer: AsyncConnection, place: CopyPlace, throttle: Throttle) -> None:
        self.reader = reader
        self.writer = writer
        self.place = place
        self.point = place.point
        self._throttle = throttle

    @classmethod
    @asynccontextmanager
    async def open(cls, place: CopyPlace, throttle: Throttle) -> AsyncIterator["PieceCopier"]:
        """Connect to both sides. Raises Unavailable."""
        async with (
            Reader.open(place.source) as reader,
            await connect(place.target, options=SESSION_OPTIONS) as writer,
        ):
            await writer.execute("set session_replication_role = replica")
            yield cls(reader, writer, place, throttle)

    async def copy(self, piece: Piece) -> None:
        """Copy it. Raises Unavailable when the rows of its table were written anew meanwhile; psycopg.Error."""
        if isinstance(piece, Table):
            await _copy_table(self, piece)
        else:
            await _copy_part(self, piece)

    async def pump(self, read: Callable[[Sink], Awaitable[None]], into: sql.Composed) -> tuple[int, int]:
        """Pass on what ``read`` gives to the sink that it is called with; (rows, bytes)."""
        pump = Pump(self.writer.pgconn, self._throttle)
        await pump.begin(into.as_bytes(self.writer))
        await read(pump.push)
        return await pump.end()


async def _copy_table(copier: PieceCopier, table: Table) -> None:
    reader, writer, point = copier.reader, copier.writer, copier.point
    columns = sql.SQL("({})").format(_columns(table)) if table.sent_columns else sql.SQL("")  # it may have none
    form = _form(table)
    # FREEZE writes rows that need no later vacuum; it demands that this transaction truncated the table.
    freeze = sql.SQL("" if copier.place.has_references else ", freeze")
    into = sql.SQL("copy {} {} from stdin (format {}{})").format(table.identifier, columns, sql.SQL(form), freeze)
    # One transaction for each table: its lock on the source, which a TRUNCATE there waits for, ends with it.
    async with reader.at(point.snapshot), writer.transaction():
        if copier.place.has_references:
            await writer.execute(sql.SQL("delete from only {}").format(table.identifier))
        else:
            await table.truncate(writer)
        rows, size = await copier.pump(lambda sink: reader.copy_table(table, form, sink), into)
        await writer.execute(queries.record_table, _record(table, point, rows, size))


async def _copy_part(copier: PieceCopier, part: Part) -> None:
    reader, writer, point, table = copier.reader, copier.writer, copier.point, part.table
    columns, form = _columns(table), _form(table)
    end = sql.SQL("") if part.end_block is None else sql.SQL(" and ctid < {}").format(f"({part.end_block},0)")
    out = sql.SQL("select {} from only {} where ctid >= {}{}").format(
        columns, table.identifier, f"({part.first_block},0)", end
    )
    mixes = part.others_lsn is not None and part.others_lsn != point.lsn
    place = sql.Identifier("pg_temp", "cyphr_part") if mixes else table.identifier
    into = sql.SQL("copy {} ({}) from stdin (format {})").format(place, columns, sql.SQL(form))
    async with reader.at(point.snapshot), writer.transaction():
        await _demand_same_place(reader, part)
        if mixes:
            await writer.execute(
                sql.SQL("create temp table cyphr_part on commit drop as select {} from {} with no data").format(
                    columns, table.identifier
                )
            )
        rows, size = await copier.pump(lambda sink: reader.copy_query(out, form, sink), into)
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


async def _demand_same_place(reader: Reader, part: Part) -> None:
    if await reader.hold(part.table) != part.filenode:
        raise Unavailable(
            f"the rows of {part.table.title} were written anew on the source (VACUUM FULL, CLUSTER or TRUNCATE) while "
            "it was copied in parts; its copy begins anew"
        )


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.sent_columns)


def _form(table: Table) -> Literal["binary", "text"]:
    return "binary" if table.is_binary_alike else "text"


def _record(table: Table, point: SlotSnapshot, rows: int, size: int) -> dict[str, str | int]:
    return {"schema": table.schema, "table": table.name, "lsn": format_lsn(point.lsn), "rows": rows, "bytes": size}
