"""Any project's schema, without its rows, moved from a Supabase-shaped server to an RDS-shaped one and back.

What a project that is not Cyphr rehearses with: its schema is read from the live source, restored beside it on this
machine, and goes through every room of the database's migration there.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from cyphr.embedded.binaries import Version, binary
from cyphr.embedded.databases import DATABASES, OWNERS, SUPERUSERS, install_compatibility, shape_server
from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.secrets import SecretFolder
from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.database.schema import dump_schema, ensure_roles
from cyphr.migrate.preflight.fingerprint import read_objects

# What pg_dump 17 and later begin with, and PostgreSQL 16 refuses.
_TOO_NEW = re.compile(r"^SET transaction_timeout = 0;$", re.MULTILINE)


async def rehearse_schema(
    source: PostgresSettings, programs: Path, folder: Path, say: Callable[[str], None]
) -> dict[str, str]:
    """Move the schema of ``source`` there and back in ``folder``; the schema's objects, for the record.

    Changes nothing on ``source``. Raises what the migration raises when it cannot be done, and VerificationFailed when
    the two sides are unlike.
    """
    async with await connect(source) as connection:
        objects = await read_objects(connection)
        # A schema of a later server may say what PostgreSQL 16 does not know.
        version: Version = 16 if connection.info.server_version < 170000 else 18
    say(f"read {len(objects)} objects of {source.host}")
    secrets = SecretFolder(folder / "secrets")
    clusters = {
        Side.SUPABASE: _cluster(Side.SUPABASE, version, folder, secrets),
        Side.AWS: _cluster(Side.AWS, 18, folder, secrets),
    }
    try:
        sides = {side: await _start(side, cluster, secrets) for side, cluster in clusters.items()}
        await _restore(source, programs, sides[Side.SUPABASE])
        say(f"restored them on a Supabase-shaped PostgreSQL {version} on this machine")
        await _move_there_and_back(sides, say)
    finally:
        for cluster in clusters.values():
            await cluster.destroy()
    return objects


def _cluster(side: Side, version: Version, folder: Path, secrets: SecretFolder) -> PostgresCluster:
    return PostgresCluster(
        version,
        folder / f"postgres-{side}",
        superuser=SUPERUSERS[side],
        password=secrets.password(f"{side}-superuser"),
    )


async def _start(side: Side, cluster: PostgresCluster, secrets: SecretFolder) -> PostgresSettings:
    await cluster.start()
    password = secrets.password(f"{side}-owner")
    await shape_server(cluster, side, password)
    owner = cluster.settings(DATABASES[side], OWNERS[side], password)
    if side is Side.AWS:
        async with await connect(owner) as connection:
            await install_compatibility(connection)
    return owner


async def _restore(source: PostgresSettings, programs: Path, copy: PostgresSettings) -> None:
    scripts = await dump_schema(source, programs)
    async with await connect(source) as theirs, await connect(copy) as ours:
        await ensure_roles(theirs, ours)
    for script in (scripts.tables, *scripts.indexes_of.values(), scripts.indexes, scripts.references):
        async with await connect(copy) as connection, connection.transaction():
            await connection.execute(_TOO_NEW.sub("", script))


async def _move_there_and_back(sides: dict[Side, PostgresSettings], say: Callable[[str], None]) -> None:
    migration = DatabaseMigration(sides, binary(18, "pg_dump").parent)
    await migration.prepare()
    await migration.copy()
    say("copied to an RDS-shaped PostgreSQL 18")
    following = asyncio.create_task(migration.follow())
    try:
        for to in (Side.AWS, Side.SUPABASE):
            found = await migration.verify()
            if found.differences:
                raise VerificationFailed(f"the two sides differ: {'; '.join(found.differences[:3])}")
            await migration.handover(to)
            say(f"handed over to {to}" if to is Side.AWS else f"handed back to {to}")
    finally:
        await end(following)
