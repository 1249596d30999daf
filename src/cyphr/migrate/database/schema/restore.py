"""Restoring the schema: what it needs beforehand, its steps in transactions that record themselves, and its views."""

from typing import Self

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import PreflightFailed
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.wire import SESSION_OPTIONS

_queries = load_queries(__package__)


async def ensure_roles(source: AsyncConnection, target: AsyncConnection) -> list[str]:
    """Create on the target, without login, every role that the source's grants and policies name; those created."""
    cursor = await source.execute(_queries.named_roles, {"platform": PLATFORM_SCHEMAS})
    wanted = [row[0] for row in await cursor.fetchall()]
    cursor = await target.execute("select rolname from pg_roles")
    present = {row[0] for row in await cursor.fetchall()}
    missing = [role for role in wanted if role not in present]
    for role in missing:
        await target.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    return missing


async def finished_steps(target: AsyncConnection) -> set[str]:
    """The steps that this target has already."""
    cursor = await target.execute("select step from cyphr.schema_steps")
    return {row[0] for row in await cursor.fetchall()}


class Restorer:
    """Runs steps of the schema on the target, each in one transaction that records it; several at once if need be.

    On connections of their own, because pg_dump's scripts change settings; where one step is done, the next may go on.
    """

    def __init__(self, target: PostgresSettings) -> None:
        self._target = target
        self._free: list[AsyncConnection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._free:
            await connection.close()

    async def run_step(self, step: str, script: str, *, helpers: int | None = None) -> None:
        """Run one step. ``helpers``: processes that may help to build an index, at most; None: what the server allows.

        Raises PreflightFailed when the server has too few locks for so many objects.
        """
        connection = self._free.pop() if self._free else await connect(self._target, options=SESSION_OPTIONS)
        try:
            async with connection.transaction():
                if helpers is not None:
                    await connection.execute(_queries.limit_helpers, {"helpers": helpers})
                await connection.execute(_for_version(script, connection.info.server_version))
                if step == "tables":
                    await _lift_forced_security(connection)
                await connection.execute("insert into cyphr.schema_steps (step) values (%s)", [step])
            await connection.execute("reset all")
        except BaseException as error:
            await connection.close()
            if isinstance(error, psycopg.errors.OutOfMemory):
                raise PreflightFailed(
                    f"the target has too few locks to restore the schema in one transaction: {str(error).strip()} "
                    "Raise max_locks_per_transaction there, to 512 for some thousands of tables, and restart it."
                ) from error
            raise
        self._free.append(connection)


def _for_version(script: str, version: int) -> str:
    """Without what pg_dump sets for its own session and an older server does not know."""
    return script if version >= 170000 else script.replace("SET transaction_timeout = 0;\n", "")


async def _lift_forced_security(connection: AsyncConnection) -> None:
    """Let the owner see its own tables, as it does on the source, where it has BYPASSRLS: without it, forced row-level
    security would hide rows from the applier and from the comparison (decision 25).
    """
    cursor = await connection.execute(_queries.forced_tables, {"platform": PLATFORM_SCHEMAS})
    for schema, table in await cursor.fetchall():
        await connection.execute(
            sql.SQL("alter table {} no force row level security").format(sql.Identifier(schema, table))
        )


async def ensure_extensions(source: AsyncConnection, target: AsyncConnection) -> list[str]:
    """Create the source's extensions on the target, each in the schema it has there; those that the target lacks."""
    wanted = await (await source.execute(_queries.extensions)).fetchall()
    cursor = await target.execute(_queries.available_extensions)
    available = {row[0] for row in await cursor.fetchall()}
    for name, schema in wanted:
        if name in available:
            await target.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
            await target.execute(
                sql.SQL("create extension if not exists {} with schema {} cascade").format(
                    sql.Identifier(name), sql.Identifier(schema)
                )
            )
    return [name for name, _ in wanted if name not in available]


async def demand_needs(source: AsyncConnection, target: AsyncConnection) -> None:
    """Raise PreflightFailed when something that is moved needs what the target has not: a type of a missing extension,
    a table of the platform.
    """
    needs = await (await source.execute(_queries.needs, {"platform": PLATFORM_SCHEMAS})).fetchall()
    unmet = []
    for dependent, needed, kind, names, arguments in needs:
        async with target.transaction(force_rollback=True):
            try:
                await target.execute(_queries.find_object, {"kind": kind, "names": names, "arguments": arguments})
            except psycopg.errors.Error:
                unmet.append(f"{dependent} needs {needed}")
    if unmet:
        raise PreflightFailed(
            f"the target lacks what these need: {'; '.join(unmet[:10])}. Create it there, or drop them on the source."
        )


async def validate_references(source: AsyncConnection, target: AsyncConnection) -> list[str]:
    """Validate on the target the foreign keys to the platform's users; those that do not hold there yet."""
    cursor = await source.execute(_queries.user_references, {"validated": True})
    held = await cursor.fetchall()
    cursor = await target.execute(_queries.user_references, {"validated": False})
    failed = []
    for schema, table, name in set(held) & set(await cursor.fetchall()):
        validate = sql.SQL("alter table {} validate constraint {}").format(
            sql.Identifier(schema, table), sql.Identifier(name)
        )
        try:
            await target.execute(validate)
        except psycopg.errors.ForeignKeyViolation:
            failed.append(f"{schema}.{table}: constraint {name} does not hold on the receiving side")
    return sorted(failed)


async def refresh_views(sender: AsyncConnection, receiver: AsyncConnection) -> None:
    """Compute the receiver's materialised views from its rows, as far as the sender's hold rows."""
    cursor = await sender.execute(_queries.filled_views, {"platform": PLATFORM_SCHEMAS})
    for schema, name in await cursor.fetchall():
        await receiver.execute(sql.SQL("refresh materialized view {}").format(sql.Identifier(schema, name)))
