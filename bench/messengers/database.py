"""A database for a peer on the server that all share."""

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg import sql

from bench.servers import Server
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings


async def make_database(
    server: Server, name: str, statements: LiteralString, parameters: Mapping[str, Any]
) -> PostgresSettings:
    """A new database with what ``statements``, separated by semicolons at line ends, make in it."""
    async with await connect(server.cluster.settings("postgres")) as connection:
        await connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    await fill(server.cluster.settings(name), statements, parameters)
    return server.cluster.settings(name)


async def fill(database: PostgresSettings, statements: LiteralString, parameters: Mapping[str, Any]) -> None:
    """Run statements with parameters, which the server takes one at a time only, in one transaction."""
    async with await connect(database) as connection, connection.transaction():
        for statement in statements.split(";\n"):
            await connection.execute(statement, parameters)
