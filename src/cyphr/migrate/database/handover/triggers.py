"""Triggers and rules that are ENABLE ALWAYS or ENABLE REPLICA.

They would fire while the stream is applied, and what they write comes with the stream as well: rows twice. On the side
that receives they are plain ENABLE, and a table of this tool remembers what they were; the transaction that opens the
side gives them their state back.
"""

from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_VERBS = {"A": sql.SQL("enable always"), "R": sql.SQL("enable replica"), "O": sql.SQL("enable")}
_KINDS = {"trigger": sql.SQL("trigger"), "rule": sql.SQL("rule")}


async def quieten_triggers(connection: AsyncConnection) -> None:
    """Make every one of them plain, and remember what it was. In the caller's transaction; may be repeated."""
    found = await _rows(connection, _queries.loud_triggers, platform=PLATFORM_SCHEMAS)
    async with connection.cursor() as cursor:
        await cursor.executemany(_queries.keep_state, found)
    await _switch(connection, [row | {"state": "O"} for row in found])


async def restore_triggers(connection: AsyncConnection) -> None:
    """Give every one its state back. In the caller's transaction."""
    await _switch(connection, await _rows(connection, _queries.take_states))


async def _switch(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    statements = [
        sql.SQL("alter table only {} {} {} {}").format(
            sql.Identifier(row["schema"], row["table"]),
            _VERBS[row["state"]],
            _KINDS[row["kind"]],
            sql.Identifier(row["name"]),
        )
        for row in rows
    ]
    if statements:
        await connection.execute(sql.SQL("; ").join(statements))


async def _rows(connection: AsyncConnection, query: Any, **parameters: Any) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()
