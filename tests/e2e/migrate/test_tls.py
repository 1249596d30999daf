"""Either side may demand TLS and be checked against a private authority: every connection of the migration is made so.

On Debian's PostgreSQL, the only one here that has TLS. The wheels' pg_dump has none either, so a source that demands it
is read with Debian's.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from cyphr.embedded.binaries import Version, binary
from cyphr.foundation.errors import CyphrError, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.database.schema import dump_schema
from tests.conftest import Server
from tests.e2e.migrate.certificates import Authority, ServerCertificate
from tests.e2e.migrate.conftest import ServerOf
from tests.e2e.migrate.test_database import following
from tests.e2e.migrate.traffic import until

_HOST = "127.0.0.1"
Reach = Callable[["Demanding"], Awaitable[PostgresSettings]]


class Demanding:
    """A database that its owner reaches over TLS only."""

    def __init__(self, server: Server, database: str, folder: Path) -> None:
        self.authority = Authority("Authority of this test")
        self._cluster = server.cluster
        self._database = database
        self._plain = server.side_of(database).owner
        self._folder = folder

    @property
    def owner(self) -> PostgresSettings:
        """How to reach it rightly."""
        return self.trusting(self.authority)

    def trusting(self, authority: Authority) -> PostgresSettings:
        """How to reach it for somebody who trusts ``authority``."""
        file = self._folder / f"authority-{id(authority)}.pem"
        file.write_bytes(authority.certificate)
        return self._plain.model_copy(update={"sslmode": "verify-full", "sslrootcert": file})

    def without_tls(self) -> PostgresSettings:
        """How to reach it for somebody who asks for no TLS."""
        return self._plain

    async def show(self, certificate: ServerCertificate) -> None:
        """Have the server identify itself with ``certificate`` from the next connection on."""
        self._write("server.crt", certificate.certificate)
        self._write("server.key", certificate.key)
        async with await connect(self._cluster.settings("template1")) as connection:
            before = await _loaded_at(connection)
            await connection.execute("alter system set ssl = on")
            await connection.execute("select pg_reload_conf()")

        async def reloaded() -> bool:  # a new connection shows what the server itself has read
            async with await connect(self._cluster.settings("template1")) as connection:
                return await _loaded_at(connection) > before

        await until(reloaded)

    @asynccontextmanager
    async def demanding(self) -> AsyncIterator[None]:
        """Refuse the owner without TLS while the block runs."""
        access = self._cluster.data / "pg_hba.conf"
        before = access.read_bytes()
        rule = f'hostnossl "{self._database}" "{self._plain.user}" {_HOST}/32 reject\n'
        self._write("pg_hba.conf", rule.encode() + before)
        await self.show(self.authority.issue(_HOST))
        try:
            yield
        finally:
            self._write("pg_hba.conf", before)
            await self.show(self.authority.issue(_HOST))

    def _write(self, name: str, content: bytes) -> None:
        owner = self._cluster.data.stat()
        file = self._cluster.data / name
        file.write_bytes(content)
        file.chmod(0o600)
        os.chown(file, owner.st_uid, owner.st_gid)


async def _loaded_at(connection: AsyncConnection) -> datetime:
    row = await (await connection.execute("select pg_conf_load_time()")).fetchone()
    assert row is not None
    loaded_at: datetime = row[0]
    return loaded_at


@asynccontextmanager
async def demanding(server_of: ServerOf, side: Side, folder: Path) -> AsyncIterator[Demanding]:
    """A new database of Debian's server that stands for ``side`` and demands TLS."""
    server = await server_of(15, side)
    async with server.database(server.full if side is Side.SUPABASE else server.bare) as plain:
        database = Demanding(server, plain.owner.dbname, folder)
        async with database.demanding():
            yield database


@pytest.mark.parametrize(("side", "programs"), [(Side.SUPABASE, 15), (Side.AWS, 18)])
async def test_a_side_that_demands_tls_is_migrated_over_verified_connections(
    side: Side, programs: Version, server_of: ServerOf, tmp_path: Path
) -> None:
    other = await server_of(18, side.other)
    async with (
        demanding(server_of, side, tmp_path) as database,
        other.database(other.bare if side is Side.SUPABASE else other.full) as plain,
    ):
        databases = {side: database.owner, side.other: plain.owner}
        async with await connect(databases[Side.SUPABASE]) as source:
            await source.execute(
                "insert into waitlist (email) select n || '@example.org' from generate_series(1, 99) n"
            )
        migration = DatabaseMigration(databases, binary(programs, "pg_dump").parent)
        await migration.prepare()
        await migration.copy()
        async with following(migration):
            assert (await migration.verify()).differences == []
            await migration.handover(Side.AWS)
            assert (await migration.verify()).checked >= 99


async def _wrong_authority(database: Demanding) -> PostgresSettings:
    return database.trusting(Authority("Somebody else"))


async def _expired(database: Demanding) -> PostgresSettings:
    await database.show(database.authority.issue(_HOST, days=-1))
    return database.owner


async def _wrong_host(database: Demanding) -> PostgresSettings:
    await database.show(database.authority.issue("db.example.org"))
    return database.owner


async def _no_tls(database: Demanding) -> PostgresSettings:
    return database.without_tls()


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        (_wrong_authority, "certificate has expired, or no authority in .*pem has signed it"),
        (_expired, "certificate has expired, or no authority in .*pem has signed it"),
        (_wrong_host, f'server certificate for "db.example.org" .*does not match host name "{_HOST}"'),
        (_no_tls, "pg_hba.conf rejects connection .* no encryption"),
    ],
    ids=["another authority", "expired", "another host", "no TLS"],
)
async def test_a_server_that_cannot_be_trusted_is_not_talked_to_and_the_reason_is_said(
    reach: Reach, words: str, server_of: ServerOf, tmp_path: Path
) -> None:
    async with demanding(server_of, Side.SUPABASE, tmp_path) as database:
        settings = await reach(database)
        with pytest.raises(Unavailable, match=words):
            await connect(settings)
        with pytest.raises(Unavailable, match=words):
            async with ReplicationConnection.open(settings):
                pass


async def test_a_pg_dump_without_tls_is_named_when_the_source_demands_it(server_of: ServerOf, tmp_path: Path) -> None:
    async with demanding(server_of, Side.SUPABASE, tmp_path) as database:
        with pytest.raises(CyphrError, match=r"pg_dump failed: .* SSL support is not compiled in"):
            await dump_schema(database.owner, binary(18, "pg_dump").parent)
