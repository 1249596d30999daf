"""Everything that the migration will do with either database, it may do: tried, and rolled back."""

import asyncio
from secrets import token_hex

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok

_platform = load_queries("cyphr.migrate.database.sql", "platform_rows.sql")
_LOCKED = "55P03"
_SLOT_SECONDS = 5.0


async def _look(context: Context) -> Finding:
    name = f"cyphr_check_{token_hex(4)}"
    problems: list[str] = []
    busy = 0
    tables = await context.fetch(Side.SUPABASE, queries.tables)
    for side in Side:
        async with context.trying(side) as connection:
            problems += [f"{side}: {each}" for each in await _try_side(connection, name)]
            if side is Side.SUPABASE:
                refused, busy = await _try_tables(connection, name, [sql.Identifier(*table) for table in tables])
                problems += refused
                problems += await _try_people(connection, name)
        problems += [f"{side}: {each}" for each in await _try_slot(context, side, name)]
    if problems:
        return failure(listed(problems))
    untried = f" ({busy} were busy and not tried)" if busy else ""
    return ok(f"roles, schemas, slots and publications on both sides, triggers on {len(tables)} tables{untried}")


async def _try_side(connection: AsyncConnection, name: str) -> list[str]:
    schema = sql.Identifier(name)
    table = sql.Identifier(name, "t")
    steps: list[tuple[str, sql.Composed]] = [
        ("create a schema", sql.SQL("create schema {}").format(schema)),
        ("create a table", sql.SQL("create table {} (id int primary key)").format(table)),
        ("create a function", sql.SQL(_FUNCTION).format(sql.Identifier(name, "f"))),
        ("create a publication", sql.SQL("create publication {} for table {}").format(schema, table)),
        ("create a role", sql.SQL("create role {} nologin").format(schema)),
        ("set session_replication_role", sql.Composed([sql.SQL("set local session_replication_role = replica")])),
    ]
    return [problem for what, statement in steps if (problem := await _attempt(connection, what, statement))]


_FUNCTION = "create function {}() returns trigger language plpgsql as 'begin return null; end'"


async def _try_tables(connection: AsyncConnection, name: str, tables: list[sql.Identifier]) -> tuple[list[str], int]:
    """What is refused, and how many tables were busy.

    A table at a time, each undone before the next is locked; and who queues behind us for a lock that we cannot have
    waits as long as a slow query takes.
    """
    trigger = sql.SQL("create trigger {} before insert on {} execute function {}()")
    problems: list[str] = []
    busy = 0
    for table in tables:
        try:
            async with connection.transaction(force_rollback=True):
                await connection.execute("set local row_security = off; set local lock_timeout = '40ms'")
                await connection.execute(sql.SQL("select from {} limit 1").format(table))
                await connection.execute(trigger.format(sql.Identifier(name), table, sql.Identifier(name, "f")))
                await connection.execute(
                    sql.SQL("alter table {} disable trigger {}").format(table, sql.Identifier(name))
                )
        except psycopg.Error as error:
            if error.sqlstate == _LOCKED:  # its application holds it just now, which says nothing about us
                busy += 1
            else:
                problems.append(f"{table.as_string(None)}: {_words(error)}")
    return problems, busy


async def _try_people(connection: AsyncConnection, name: str) -> list[str]:
    """Triggers on the platform's tables of people, where something that is moved refers to them."""
    try:
        async with connection.transaction():
            cursor = await connection.execute(_platform.is_referred_to, {"platform": PLATFORM_SCHEMAS})
    except psycopg.errors.InsufficientPrivilege as error:
        return [f"it may not look into the platform's schemas: {_words(error)}"]
    if await cursor.fetchone() != (True,):
        return []
    trigger = sql.SQL("create trigger {} before insert on {} execute function {}()")
    steps = [
        (
            f"create a trigger on auth.{table}",
            trigger.format(sql.Identifier(name), sql.Identifier("auth", table), sql.Identifier(name, "f")),
        )
        for table in ("users", "identities")
    ]
    async with connection.transaction(force_rollback=True):
        await connection.execute("set local lock_timeout = '40ms'")
        return [problem for what, statement in steps if (problem := await _attempt(connection, what, statement))]


async def _attempt(connection: AsyncConnection, what: str, statement: sql.Composed) -> str | None:
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except psycopg.errors.LockNotAvailable:
        return None  # its application holds it just now, which says nothing about us
    except psycopg.Error as error:
        return f"it may not {what}: {_words(error)}"
    return None


async def _try_slot(context: Context, side: Side, name: str) -> list[str]:
    """A slot that goes with its connection. A long transaction holds it up; another check names that one."""
    try:
        async with ReplicationConnection.open(context.database(side)) as replication:
            async with asyncio.timeout(_SLOT_SECONDS):
                await replication.create_temporary_slot(name)
                await context.fetch(side, queries.copy_slot, slot=name)
    except TimeoutError:
        # The server would go on waiting for that transaction without us.
        await context.fetch(side, queries.end_slot, slot=name)
    except (Unavailable, psycopg.Error) as error:
        return [f"it may not create a replication slot: {_words(error)}"]
    return []


def _words(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


CHECK = Check(
    name="privileges",
    worst=Level.FAILURE,
    why="What the role may not do fails in the middle of the migration; guessing from catalogues is not enough on a "
    "managed server.",
    mend="Use the role that owns the tables: postgres on Supabase, the master role on RDS (a member of rds_superuser, "
    "with rds_replication granted).",
    look=_look,
)
