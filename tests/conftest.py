"""Servers for the whole test run, and a fresh database of the wanted shape for each test.

``supabase``       Supabase-shaped, with Cyphr's schema; every service stands on Supabase
``supabase_bare``  Supabase-shaped, nothing of Cyphr's
``aws``            RDS-shaped, with Cyphr's schema; every service stands on AWS
``aws_bare``       RDS-shaped, with what Supabase's policies refer to; nothing of Cyphr's
"""

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio
from psycopg import sql
from pydantic import SecretStr

from cyphr.embedded.binaries import Version
from cyphr.embedded.databases import (
    APP,
    DATABASES,
    OWNERS,
    SUPERUSERS,
    drop_database,
    install_compatibility,
    prepare_app_role,
    seed_switchboard,
    shape_server,
)
from cyphr.embedded.postgres import PostgresCluster
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.schema.apply import apply_schema
from tests.memory import passable_folder

_VERSIONS: dict[Side, Version] = {Side.SUPABASE: 16, Side.AWS: 18}
_names = itertools.count(1)


@dataclass(frozen=True)
class TestSide:
    """One database and the three roles that may reach it."""

    __test__ = False

    side: Side
    owner: PostgresSettings
    app: PostgresSettings
    superuser: PostgresSettings


@dataclass(frozen=True)
class Server:
    """A running server with two templates: ``bare`` has the side's shape, ``full`` also Cyphr's schema."""

    side: Side
    cluster: PostgresCluster
    owner_password: SecretStr
    app_password: SecretStr
    bare: str
    full: str

    def side_of(self, database: str) -> TestSide:
        return TestSide(
            side=self.side,
            owner=self.cluster.settings(database, OWNERS[self.side], self.owner_password),
            app=self.cluster.settings(database, APP, self.app_password),
            superuser=self.cluster.settings(database),
        )

    @asynccontextmanager
    async def database(self, template: str) -> AsyncIterator[TestSide]:
        """A copy of ``template`` for one test, dropped afterwards with its replication slots."""
        name = f"test_{next(_names)}"
        await self.create(name, template)
        try:
            yield self.side_of(name)
        finally:
            async with await connect(self.cluster.settings("template1")) as connection:
                await drop_database(connection, name)

    async def create(self, name: str, template: str) -> None:
        async with await connect(self.cluster.settings("template1")) as connection:
            await connection.execute(
                sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNERS[self.side])
                )
            )


@asynccontextmanager
async def running_server(side: Side, *, durable: bool = False) -> AsyncIterator[Server]:
    """A new server that stands for ``side``; ``durable``: what it acknowledged outlives a crash."""
    async with running_cluster(_VERSIONS[side], SUPERUSERS[side], durable=durable) as cluster:
        server = Server(side, cluster, new_password(), new_password(), bare="template_bare", full="template_full")
        await make_bare_template(server)
        await make_full_template(server)
        yield server


@asynccontextmanager
async def running_cluster(version: Version, superuser: str, *, durable: bool = False) -> AsyncIterator[PostgresCluster]:
    """A new server without anything in it."""
    with passable_folder() as folder:
        cluster = PostgresCluster(
            version, folder / "postgres", superuser=superuser, password=new_password(), durable=durable
        )
        try:
            await cluster.start()
            yield cluster
        finally:
            await cluster.destroy()


async def make_bare_template(server: Server) -> None:
    """Give the server the roles of its side, and a database that has the side's shape."""
    await shape_server(server.cluster, server.side, server.owner_password)
    await server.create(server.bare, DATABASES[server.side])
    if server.side is Side.AWS:
        async with await connect(server.side_of(server.bare).owner) as connection:
            await install_compatibility(connection)


async def make_full_template(server: Server) -> None:
    """A copy of the bare database with Cyphr's schema."""
    await server.create(server.full, server.bare)
    async with await connect(server.side_of(server.full).owner) as connection:
        await prepare_app_role(connection, server.app_password)
        await apply_schema(connection)
        await seed_switchboard(connection, server.side)


@pytest_asyncio.fixture(scope="session")
async def supabase_server() -> AsyncIterator[Server]:
    async with running_server(Side.SUPABASE) as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def aws_server() -> AsyncIterator[Server]:
    async with running_server(Side.AWS) as server:
        yield server


@pytest_asyncio.fixture
async def supabase(supabase_server: Server) -> AsyncIterator[TestSide]:
    async with supabase_server.database(supabase_server.full) as side:
        yield side


@pytest_asyncio.fixture
async def supabase_bare(supabase_server: Server) -> AsyncIterator[TestSide]:
    async with supabase_server.database(supabase_server.bare) as side:
        yield side


@pytest_asyncio.fixture
async def aws(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.full) as side:
        yield side


@pytest_asyncio.fixture
async def aws_bare(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.bare) as side:
        yield side


def new_password() -> SecretStr:
    """One that is hard to pass on unharmed."""
    # The characters that were mangled on their way through a shell and a URL once.
    return SecretStr(secrets.token_urlsafe(12) + "$'\"@:/%#&! ")
