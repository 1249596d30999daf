"""Bring a database to the schema of this version: switchboard, roles, migrations in order, functions, policies.

A migration is applied once, in its own transaction, and recorded with its checksum; one that was changed afterwards is
refused. Functions (``private_*.sql``) and policies are repeatable: each file replaces what it made before, and is
applied again whenever its text changes.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString

from psycopg import AsyncConnection

from cyphr.foundation.errors import Conflict
from cyphr.foundation.queries import read_sql

_LOCK = 0x6379706872  # "cyphr": two servers that start together must not both migrate
_GUARDS: LiteralString = "set local lock_timeout = '5s'; set local statement_timeout = '60s'"


@dataclass(frozen=True)
class Script:
    """One ``.sql`` file of the schema and the checksum of its text."""

    name: str
    text: LiteralString
    repeatable: bool

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def scripts() -> list[Script]:
    """Every migration in order, then the functions that policies ask, then every policy file."""
    return [
        *_read("cyphr.schema.migrations", repeatable=False),
        *_read("cyphr.schema", prefix="private_", repeatable=True),
        *_read("cyphr.schema.policies", repeatable=True),
    ]


async def install_switchboard(connection: AsyncConnection) -> None:
    """Create the ``cyphr`` schema in this database if it is missing. ``connection`` must be in autocommit mode."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        await connection.execute(read_sql("cyphr.schema", "switchboard.sql"))


async def apply_schema(connection: AsyncConnection) -> list[str]:
    """Apply whatever is missing; the names applied. Raises Conflict when an applied migration's text was changed.

    ``connection``: in autocommit mode, as the role that owns the tables.
    """
    await install_switchboard(connection)
    applied: list[str] = []
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        await connection.execute(read_sql("cyphr.schema", "roles.sql"))
        await connection.execute(read_sql("cyphr.schema", "private.sql"))
    for script in scripts():
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            if await _is_applied(connection, script):
                continue
            await connection.execute(_GUARDS)
            await connection.execute(script.text)
            await connection.execute(
                "insert into private.schema_migrations (name, checksum) values (%s, %s)"
                " on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
                [script.name, script.checksum],
            )
        applied.append(script.name)
    return applied


async def _is_applied(connection: AsyncConnection, script: Script) -> bool:
    cursor = await connection.execute("select checksum from private.schema_migrations where name = %s", [script.name])
    row = await cursor.fetchone()
    if row is None:
        return False
    if row[0] == script.checksum:
        return True
    if script.repeatable:
        return False
    raise Conflict(
        f"migration {script.name} was changed after it was applied to this database; "
        "restore its text and write a new migration instead",
        migration=script.name,
    )


def _read(package: str, *, prefix: str = "", repeatable: bool) -> list[Script]:
    names = sorted(
        entry.name
        for entry in files(package).iterdir()
        if entry.name.endswith(".sql") and entry.name.startswith(prefix)
    )
    return [Script(name, read_sql(package, name), repeatable) for name in names]
