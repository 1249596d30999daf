"""Closing: take away what this tool made, when there is no way back any more, or when one gives up before the handover.

What stays on the source after ``close_databases``, so that a client that was forgotten is refused rather than
believed: the fence on every table, and in schema ``cyphr`` the switchboard, the fence itself and their functions.
After ``give_up_source`` nothing stays, but for a schema ``cyphr`` that was there before.
"""

from collections.abc import Mapping
from functools import partial

from psycopg import AsyncConnection, sql

from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.handover.fence import remove_fence
from cyphr.migrate.database.handover.locks import locked
from cyphr.migrate.database.handover.triggers import restore_triggers
from cyphr.migrate.database.streams import PUBLICATION, drop_other_slots
from cyphr.schema.apply import install_switchboard

_queries = load_queries("cyphr.migrate.database.sql", "closing.sql")

_MADE_HERE = "made by cyphr migrate"
_KINDS = {"r": "table", "p": "table", "v": "view", "S": "sequence"}


async def install_and_remember(connection: AsyncConnection) -> None:
    """Create the switchboard and the fence's function, and note whether their schema is this tool's own. Idempotent."""
    async with connection.transaction():
        cursor = await connection.execute("select to_regnamespace('cyphr') is null")
        missing = await cursor.fetchone()
        await install_switchboard(connection)
        if missing == (True,):
            await connection.execute(sql.SQL("comment on schema cyphr is {}").format(sql.Literal(_MADE_HERE)))


async def close_databases(databases: Mapping[Side, PostgresSettings]) -> None:
    """End the way back, once the database stands on AWS for good. May be repeated. Following must have ended.

    The AWS side goes first: a slot that nobody reads would fill its disk, even if the source is gone already.
    """
    async with await connect(databases[Side.AWS]) as target:
        await _drop_stream(target)
        await remove_fence(target)
    async with await connect(databases[Side.SUPABASE]) as source:
        await _drop_stream(source)
        if await _exists(source, "cyphr.quietened"):
            await locked(source, [], partial(restore_triggers, source))
        await _drop_objects(source, keep=["switchboard", "fence", "pass_fence", "refuse_write"])


async def give_up_source(source: PostgresSettings) -> None:
    """Take everything of this tool away from a source that has the authority. May be repeated.

    Following must have ended.
    """
    async with await connect(source) as connection:
        await _drop_stream(connection)
        await remove_fence(connection)
        if not await _exists(connection, "cyphr.switchboard"):
            return
        cursor = await connection.execute("select obj_description(to_regnamespace('cyphr'), 'pg_namespace')")
        made_here = await cursor.fetchone() == (_MADE_HERE,)
        await _drop_objects(connection, keep=[] if made_here else ["switchboard"])
        if made_here:
            await connection.execute("drop schema cyphr")
        else:  # its function went, so that triggers on tables of other roles went with it
            await install_switchboard(connection)


async def _drop_stream(connection: AsyncConnection) -> None:
    await drop_other_slots(connection, None)
    await connection.execute(sql.SQL("drop publication if exists {}").format(sql.Identifier(PUBLICATION)))


async def _drop_objects(connection: AsyncConnection, keep: list[str]) -> None:
    """Drop what is in schema ``cyphr`` but ``keep``, and triggers that call its functions."""
    cursor = await connection.execute(_queries.relations, {"keep": keep})
    drops = [
        sql.SQL("drop {} if exists {}").format(sql.SQL(_KINDS[kind]), sql.Identifier("cyphr", name))
        for name, kind in await cursor.fetchall()
    ]
    cursor = await connection.execute(_queries.functions, {"keep": keep})
    drops += [sql.SQL("drop routine if exists {} cascade").format(sql.SQL(row[0])) for row in await cursor.fetchall()]
    for drop in drops:
        await locked(connection, [], partial(connection.execute, drop))


async def _exists(connection: AsyncConnection, table: str) -> bool:
    cursor = await connection.execute("select to_regclass(%s) is not null", [table])
    return await cursor.fetchone() == (True,)
