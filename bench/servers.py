"""Servers to measure on: made from nothing for one benchmark, alike for everybody who is measured."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from psycopg import AsyncConnection, sql
from pydantic import SecretStr

from cyphr.embedded.binaries import Version
from cyphr.embedded.postgres import PostgresCluster
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings

DATABASE = "bench"

# Memory as RDS gives it to an instance of 4 GB. A checkpoint in the middle of one run and not of the next would be
# measured, not what is compared.
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "1GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}
"""What both servers are told beyond the embedded stack's settings. Durability is PostgreSQL's default."""


@dataclass(frozen=True)
class Server:
    """One running server, reached as its superuser."""

    cluster: PostgresCluster

    @property
    def database(self) -> PostgresSettings:
        """The database that is measured."""
        return self.cluster.settings(DATABASE)

    @property
    def address(self) -> str:
        """The same as a connection string, for programs that take one; the password has no special characters."""
        arguments = self.database.connection_arguments()
        return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**arguments)

    async def renew(self, template: str = "template0") -> None:
        """Give an empty database, or a copy of ``template``, in place of the one that was measured before."""
        async with await connect(self.cluster.settings("postgres")) as connection:
            await drop_slots(connection)
            await connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(DATABASE))
            )
            await connection.execute(
                sql.SQL("create database {} template {}").format(sql.Identifier(DATABASE), sql.Identifier(template))
            )
        await self.settle()

    async def settle(self) -> None:
        """Write out what earlier work left in memory, so that it is not charged to the next."""
        await run(self.cluster.settings("postgres"), "checkpoint")

    async def version(self) -> str:
        async with await connect(self.cluster.settings("postgres")) as connection:
            return str(await value(connection, "show server_version"))


@asynccontextmanager
async def servers(
    source: Version, target: Version, settings: Mapping[str, str] = SETTINGS
) -> AsyncIterator[tuple[Server, Server]]:
    """Two new servers in a temporary folder, stopped and removed at the end of the block."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        pair = []
        for name, version in (("source", source), ("target", target)):
            pair.append(await stack.enter_async_context(server(version, folder / name, settings)))
            await pair[-1].renew()
        yield pair[0], pair[1]


@asynccontextmanager
async def server(
    version: Version, folder: Path, settings: Mapping[str, str] = SETTINGS, *, superuser: str = "bench"
) -> AsyncIterator[Server]:
    """One new server in ``folder``, stopped and removed at the end of the block."""
    cluster = PostgresCluster(
        version, folder, superuser=superuser, password=SecretStr(secrets.token_hex(12)), parameters=settings
    )
    try:
        await cluster.start()
        yield Server(cluster)
    finally:
        await cluster.destroy()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A temporary folder that the account which runs PostgreSQL can pass through."""
    with tempfile.TemporaryDirectory(prefix="cyphr-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


async def drop_slots(connection: AsyncConnection) -> None:
    """Drop every replication slot of the server; whoever reads one is cut off."""
    await connection.execute(
        "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active_pid is not null"
    )
    await connection.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")


async def run(database: PostgresSettings, statement: LiteralString) -> None:
    """Run statements on a connection of their own."""
    async with await connect(database) as connection:
        await connection.execute(statement)


async def value(connection: AsyncConnection, query: LiteralString, *parameters: object) -> object:
    """The first column of the first row; None without a row."""
    row = await (await connection.execute(query, parameters or None)).fetchone()
    return None if row is None else row[0]
