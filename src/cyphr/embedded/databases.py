"""What makes a plain server stand for Supabase or for RDS, and a database on it ready for Cyphr."""

from typing import LiteralString

from psycopg import AsyncConnection, sql
from pydantic import SecretStr

from cyphr.embedded.postgres import PostgresCluster
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import load_queries, read_sql
from cyphr.foundation.settings import PostgresSettings
from cyphr.schema.apply import apply_schema

SUPERUSERS = {Side.SUPABASE: "supabase_admin", Side.AWS: "rdsadmin"}
"""Who made the server; Cyphr never acts as this role."""

OWNERS = {Side.SUPABASE: "postgres", Side.AWS: "cyphr_admin"}
"""Who owns the database and its tables."""

DATABASES = {Side.SUPABASE: "postgres", Side.AWS: "cyphr_messenger_prod"}
"""The database that Cyphr lives in."""

APP = "cyphr_app"
"""The messenger's runtime role."""

_queries = load_queries("cyphr.embedded")
_ROLES = {Side.SUPABASE: "cyphr.embedded.supabase", Side.AWS: "cyphr.embedded.rds"}


async def shape_server(cluster: PostgresCluster, side: Side, owner_password: SecretStr) -> None:
    """Give a new server the roles, and its database the schemas, that this side has in production. Idempotent."""
    owner = OWNERS[side]
    async with await connect(cluster.settings("template1")) as connection:
        if not await _exists(connection, _queries.role_exists, role=owner):
            async with connection.transaction():
                await connection.execute(read_sql(_ROLES[side], "roles.sql"))
        await set_password(connection, owner, owner_password)
        if not await _exists(connection, _queries.database_exists, database=DATABASES[side]):
            await connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASES[side]), sql.Identifier(owner))
            )
        await connection.execute(
            sql.SQL("alter database {} owner to {}").format(sql.Identifier(DATABASES[side]), sql.Identifier(owner))
        )
    if side is Side.SUPABASE:
        async with await connect(cluster.settings(DATABASES[side])) as connection:
            await _add_platform(connection)


async def prepare_database(owner: PostgresSettings, side: Side, app_password: SecretStr) -> None:
    """Make the database of ``side`` ready: Cyphr's schema on the side it stands on, an empty room on the other.

    Idempotent. A database whose authority has moved away is left as it is: its schema is the migration's business.
    """
    async with await connect(owner) as connection:
        if side is Side.AWS:
            await install_compatibility(connection)
        await prepare_app_role(connection, app_password)
        if side is await _authority(connection, default=Side.SUPABASE):
            await apply_schema(connection)
            await seed_switchboard(connection, side)


async def install_compatibility(connection: AsyncConnection) -> None:
    """Make, as the owner of a database on AWS, what policies that come from Supabase refer to. Idempotent."""
    async with connection.transaction():
        await connection.execute(read_sql("cyphr.schema", "supabase_compat.sql"))


async def prepare_app_role(connection: AsyncConnection, password: SecretStr) -> None:
    """Make, as the owner, the roles that Cyphr's grants name, and let the runtime role log in. Idempotent."""
    async with connection.transaction():
        await connection.execute(read_sql("cyphr.schema", "roles.sql"))
        await set_password(connection, APP, password)


async def seed_switchboard(connection: AsyncConnection, side: Side) -> None:
    """Say in this database that every service stands on ``side``, unless it already says where."""
    await connection.execute(_queries.seed_switchboard, {"side": side})


async def drop_database(connection: AsyncConnection, database: str) -> None:
    """Drop a database with its replication slots and whoever is connected. ``connection``: the superuser's."""
    await connection.execute(_queries.end_replication, {"database": database})
    await connection.execute(_queries.drop_slots, {"database": database})
    await connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


async def set_password(connection: AsyncConnection, role: str, password: SecretStr) -> None:
    """Let ``role`` log in with ``password``. The server is sent the SCRAM verifier only, so no log can hold it."""
    verifier = connection.pgconn.encrypt_password(password.get_secret_value().encode(), role.encode(), b"scram-sha-256")
    await connection.execute(
        sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
    )


async def _add_platform(connection: AsyncConnection) -> None:
    async with connection.transaction():
        cursor = await connection.execute("select to_regclass('storage.objects')")
        if (await cursor.fetchone()) == (None,):
            await connection.execute(read_sql("cyphr.schema", "supabase_compat.sql"))
            await connection.execute(read_sql("cyphr.embedded.supabase", "platform.sql"))


async def _authority(connection: AsyncConnection, default: Side) -> Side:
    if not await _exists(connection, _queries.switchboard_exists):
        return default
    cursor = await connection.execute(_queries.authority)
    row = await cursor.fetchone()
    return default if row is None else Side(row[0])


async def _exists(connection: AsyncConnection, query: LiteralString, **parameters: str) -> bool:
    cursor = await connection.execute(query, parameters)
    return cursor.rowcount == 1
