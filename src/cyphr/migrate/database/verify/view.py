"""One side of a comparison: connections that all show the same rows, and what is known of its tables."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from cyphr.foundation.queries import read_sql
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS, Table
from cyphr.migrate.database.verify.hashes import ComparedColumn, row_hash

Rows = list[tuple[Any, ...]]

_BLOCKS_WORTH_PROCESSES = 1_024
"""From this size on (8 MiB, its ``min_parallel_table_scan_size``), PostgreSQL reads a table by several processes."""

# What a value prints as must not depend on a server's settings; a database's own limits are for its applications; a
# policy that would hide rows must fail the comparison, not shrink it.
_SESSION: LiteralString = """
set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
set bytea_output = 'hex'; set lc_monetary = 'C'; set search_path = public, extensions; set client_encoding = utf8;
set jit = off; set statement_timeout = 0;
set idle_in_transaction_session_timeout = 0; set row_security = off
"""


@dataclass(frozen=True)
class Shape:
    """One table as it is on one side; ``blocks``: its size, ``file``: the number of the file that holds its rows."""

    blocks: int
    file: int
    columns: dict[str, ComparedColumn]


async def prepare_to_verify(connection: AsyncConnection, *, processes: int = 1, lock_seconds: int = 0) -> None:
    """Make values of this session print the same on every server, and let it read for as long as it takes.

    ``processes``: by how many of them the server may read one large table. ``lock_seconds``: how long it waits for a
    table that somebody wants for themselves (0: for ever).
    """
    await connection.execute(_SESSION)
    await connection.execute(
        "select set_config('lock_timeout', %s, false), set_config('max_parallel_workers_per_gather', %s, false)",
        [f"{lock_seconds}s", str(processes - 1)],
    )


async def read_shapes(connection: AsyncConnection) -> dict[tuple[str, str], Shape]:
    """How every table of the user's schemas can be compared: (schema, name) → shape."""
    query = read_sql("cyphr.migrate.database.sql", "shapes.sql")
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, {"platform": PLATFORM_SCHEMAS})
        return {
            (row["schema"], row["name"]): Shape(
                row["blocks"], row["file"], {each["name"]: ComparedColumn(**each) for each in row["columns"]}
            )
            for row in await cursor.fetchall()
        }


class View:
    """Reads one side. ``connections`` show the same rows, each is used by one query at a time.

    ``as_text``: tables whose rows are compared by MD5 of what they print, because the servers hash some type unlike.
    ``is_at_rest``: nothing is written to this side, and what is known of its tables was read a while ago.
    """

    def __init__(
        self,
        connections: Sequence[AsyncConnection],
        shapes: dict[tuple[str, str], Shape],
        as_text: frozenset[tuple[str, str]] = frozenset(),
        *,
        is_at_rest: bool = False,
    ) -> None:
        self.shapes = shapes
        self.as_text = as_text
        self._is_at_rest = is_at_rest
        self._free: asyncio.Queue[AsyncConnection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """One of the connections, when one is free."""
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)

    def row_hash(self, table: Table) -> sql.Composable:
        """What stands for a row ``t`` of ``table``: the columns that the sending side has."""
        return self._hash(table, [column.name for column in table.columns])

    def key_hash(self, table: Table) -> sql.Composable:
        """What stands for the key of a row; the whole row when the table has none."""
        return self._hash(table, list(table.key)) if table.key else self.row_hash(table)

    def key_values(self, table: Table) -> sql.Composable:
        """The key of row ``t`` as an array of text, empty when the table has none."""
        return sql.SQL("array[{}]::text[]").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier("t", name)) for name in table.key)
        )

    def rows_with_keys(self, table: Table, keys: Sequence[tuple[str, ...]]) -> sql.Composable:
        """Rows ``t`` with these ``keys``."""
        columns = self.columns(table)
        names = [sql.Identifier(f"k{position}") for position in range(len(table.key))]
        lists = (sql.SQL("{}::text[]").format(sql.Literal(list(values))) for values in zip(*keys, strict=True))
        same = (
            sql.SQL("t.{} = k.{}::{}").format(sql.Identifier(name), alias, columns[name].type)
            for name, alias in zip(table.key, names, strict=True)
        )
        return sql.SQL("unnest({}) as k ({}) join only {} as t on {}").format(
            sql.SQL(", ").join(lists), sql.SQL(", ").join(names), table.identifier, sql.SQL(" and ").join(same)
        )

    def rows_with_hashes(self, table: Table, hashes: Sequence[int]) -> sql.Composable:
        """Rows ``t`` that these ``hashes`` stand for; reads the whole table."""
        return sql.SQL("only {} as t where {} = any ({}::bigint[])").format(
            table.identifier, self.row_hash(table), sql.Literal(list(hashes))
        )

    def is_large(self, table: Table) -> bool:
        """Whether the server reads the table by several processes, so that it is better read alone."""
        return self.shapes[table.schema, table.name].blocks >= _BLOCKS_WORTH_PROCESSES

    async def is_rewritten(self, table: Table) -> bool:
        """Whether the table's rows are in another file than in the snapshot that is shown.

        Then they cannot be read as they were: a TRUNCATE, or an ALTER TABLE that writes every row anew, empties a table
        for every snapshot, also for one that was taken before it. Who has read a table keeps others from doing that.
        """
        if self._is_at_rest:
            return False
        # Naming the table in the query locks it, and so makes this session learn of what happened to it.
        query = sql.SQL("select pg_relation_filenode({name}::regclass), exists (select from {table} limit 1)")
        [(file, _)] = await self.scan(table, query, name=sql.Literal(table.identifier.as_string()))
        return bool(file != self.shapes[table.schema, table.name].file)

    def columns(self, table: Table) -> dict[str, ComparedColumn]:
        return self.shapes[table.schema, table.name].columns

    async def rows(self, query: sql.Composed) -> Rows:
        """The rows of one query. Values are literals in it: a parameter's sign may be part of a table's name."""
        async with self.connection() as connection:
            cursor = await connection.execute(query)
            return list(await cursor.fetchall())

    async def scan(self, table: Table, query: sql.SQL, **parts: sql.Composable) -> Rows:
        """The rows of one ``query`` over all of ``table``, its ``{table}``; ``parts`` fill its other places."""
        return await self.rows(query.format(table=sql.SQL("only {} as t").format(table.identifier), **parts))

    def _hash(self, table: Table, names: list[str]) -> sql.Composable:
        columns = self.columns(table)
        return row_hash([columns[name] for name in names], as_text=(table.schema, table.name) in self.as_text)
