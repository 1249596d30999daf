"""Either side may demand TLS and be checked against a private authority: every connection of the migration is made so.

On Debian's PostgreSQL, the only one here that has TLS. The wheels' pg_dump has none either, so a source that demands it
is read with Debian's.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg import sql
from pydantic import SecretStr

from cyphr.embedded.binaries import Version, binary
from cyphr.embedded.postgres import PostgresCluster
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

_HOST = "127.0.0.1"


class Demanding:
    """A database that is reached over TLS only, and how to reach it rightly."""

    def __init__(self, server: Server, database: str, authority: Authority, folder: Path) -> None:
        self._cluster = server.cluster
        self._authority = authority
        self._folder = folder
        self.owner = self._trusting(server.side_of(database).owner, authority)

    def trusting(self, authority: Authority) -> PostgresSettings:
        return self._trusting(self.owner, authority)

    def without_tls(self) -> PostgresSettings:
        return self.owner.model_copy(update={"sslmode": "disable", "sslrootcert": None})

    async def show(self, certificate: ServerCertificate) -> None:
        """Have the server identify itself with ``certificate`` from the next connection on."""
        owner = self._cluster.data.stat()
        for name, content in (("server.crt", certificate.certificate), ("server.key", certificate.key)):
            file = self._cluster.data / name
            file.write_bytes(content)
            file.chmod(0o600)
            os.chown(file, owner.st_uid, owner.st_gid)
        async with await connect(self._cluster.settings("template1")) as connection:
            await connection.execute("alter system set ssl = on")
            await connection.execute("select pg_reload_conf()")

    def _trusting(self, settings: PostgresSettings, authority: Authority) -> PostgresSettings:
        file = self._folder / f"authority-{id(authority)}.pem"
        file.write_bytes(authority.certificate)
        return settings.model_copy(update={"sslmode": "verify-full", "sslrootcert": file})
