"""Verify: prove that both databases hold the same rows.

Per table and bucket of the key's hash: the number of rows and the sum of their hashes, which does not depend on their
order. Both sides are read in parallel at the same point of the stream. A bucket that differs is opened to its rows.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import VerificationFailed
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.touched import Touched

_BUCKETS = 64
_DIFFERENCES_PER_TABLE = 20

# What a value prints as must not depend on a server's settings.
_PRINTING = """
set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
set extra_float_digits = 1; set bytea_output = 'hex'
"""

_CALIBRATION = """
select hash_record_extended(row(
    'Жук 🐞'::text, ''::varchar, 42::int, '-9223372036854775808'::bigint, 7::smallint, true, null::text,
    '0b3510b0-b46e-41da-b170-17a6205738d1'::uuid, timestamptz '2025-08-29 23:06:03.481+00',
    timestamp 'infinity', date '0044-03-15 BC', '\\x00ff'::bytea), 0)
"""


@dataclass
class TableVerification:
    """What the comparison of one table found."""

    table: str
    rows: int = 0
    differences: list[str] = field(default_factory=list)


async def prepare_to_verify(connection: AsyncConnection) -> None:
    """Make values of this session print the same on every server."""
    await connection.execute(_PRINTING)


async def calibrate(source: AsyncConnection, target: AsyncConnection) -> None:
    """Prove that both servers hash the same values alike. Raises VerificationFailed when they do not."""
    one, other = await asyncio.gather(_value(source, _CALIBRATION), _value(target, _CALIBRATION))
    if one != other:
        raise VerificationFailed(
            "the two servers hash equal rows differently, so their rows cannot be compared by hash; "
            "report both servers' versions",
        )


async def verify_tables(
    source: AsyncConnection, target: AsyncConnection, tables: Sequence[Table]
) -> list[TableVerification]:
    """Compare every row of ``tables``. Both connections must show the same point of the stream."""
    return [await _verify_whole(source, target, table) for table in tables]


async def verify_touched(
    source: AsyncConnection, target: AsyncConnection, tables: Sequence[Table], touched: Touched
) -> list[TableVerification]:
    """Compare the rows that changed. Both connections must show the same point of the stream."""
    found = []
    for table in tables:
        keys = touched.keys(table)
        if keys is None:
            found.append(await _verify_whole(source, target, table))
        elif keys:
            found.append(await _verify_keys(source, target, table, list(keys)))
    return found


async def _verify_whole(source: AsyncConnection, target: AsyncConnection, table: Table) -> TableVerification:
    bucket = sql.SQL("({} & {})").format(_key_hash(table), sql.Literal(_BUCKETS - 1))
    query = sql.SQL("select {} as bucket, count(*), sum({}) from only {} as t group by 1").format(
        bucket, _row_hash(table), table.identifier
    )
    ours, theirs = await asyncio.gather(_rows(source, query), _rows(target, query))
    result = TableVerification(table.title, rows=sum(row[1] for row in ours))
    different = sorted({row[0] for row in set(ours) ^ set(theirs)})
    if different:
        condition = sql.SQL("{} = any ({})").format(bucket, sql.Literal(different))
        result.differences = await _open(source, target, table, condition)
    return result


async def _verify_keys(
    source: AsyncConnection, target: AsyncConnection, table: Table, keys: list[tuple[Any, ...]]
) -> TableVerification:
    types = {column.name: column.type for column in table.columns}
    wanted = sql.SQL(", ").join(
        sql.SQL("{}::text[]").format(sql.Literal([key[position] for key in keys])) for position in range(len(table.key))
    )
    names = sql.SQL(", ").join(sql.Identifier(f"k{position}") for position in range(len(table.key)))
    same = sql.SQL(" and ").join(
        sql.SQL("t.{} = k.{}::{}").format(
            sql.Identifier(name),
            sql.Identifier(f"k{position}"),
            sql.SQL(types[name]),
        )
        for position, name in enumerate(table.key)
    )
    query = sql.SQL("select count(*), sum({}) from unnest({}) as k ({}) join only {} as t on {}").format(
        _row_hash(table), wanted, names, table.identifier, same
    )
    ours, theirs = await asyncio.gather(_rows(source, query), _rows(target, query))
    result = TableVerification(table.title, rows=len(keys))
    if ours != theirs:
        condition = sql.SQL("exists (select from unnest({}) as k ({}) where {})").format(wanted, names, same)
        result.differences = await _open(source, target, table, condition)
    return result


async def _open(source: AsyncConnection, target: AsyncConnection, table: Table, condition: sql.Composable) -> list[str]:
    """The rows that differ, named by their key."""
    if table.key:
        key: sql.Composable = sql.SQL("row({})::text").format(
            sql.SQL(", ").join(sql.Identifier("t", name) for name in table.key)
        )
    else:
        key = sql.SQL("t::text")
    query = sql.SQL("select {}, {} from only {} as t where {}").format(
        key, _row_hash(table), table.identifier, condition
    )
    ours, theirs = await asyncio.gather(_rows(source, query), _rows(target, query))
    only_here, only_there = _subtract(ours, theirs), _subtract(theirs, ours)
    changed = {row[0] for row in only_here} & {row[0] for row in only_there}
    lines = [f"{table.title} {name}: differs" for name in sorted(changed)]
    lines += [f"{table.title} {row[0]}: missing on the receiving side" for row in only_here if row[0] not in changed]
    lines += [f"{table.title} {row[0]}: only on the receiving side" for row in only_there if row[0] not in changed]
    more = len(lines) - _DIFFERENCES_PER_TABLE
    return lines[:_DIFFERENCES_PER_TABLE] + ([f"{table.title}: and {more} more"] if more > 0 else [])


def _subtract(rows: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What is left of ``rows`` without ``others``, counting equal rows."""
    return list((Counter(rows) - Counter(others)).elements())


def _row_hash(table: Table) -> sql.Composable:
    return sql.SQL("hash_record_extended(row({}), 0)").format(
        sql.SQL(", ").join(column.hashed for column in table.columns)
    )


def _key_hash(table: Table) -> sql.Composable:
    if not table.key:
        return _row_hash(table)
    columns = {column.name: column for column in table.columns}
    return sql.SQL("hash_record_extended(row({}), 1)").format(
        sql.SQL(", ").join(columns[name].hashed for name in table.key)
    )


async def _rows(connection: AsyncConnection, query: sql.Composed) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query)
    return list(await cursor.fetchall())


async def _value(connection: AsyncConnection, query: Any) -> Any:
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    assert row is not None
    return row[0]
