"""What is in a database: the tables whose rows are moved, their columns and keys."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from cyphr.foundation.queries import read_sql

PLATFORM_SCHEMAS = [
    "auth", "storage", "realtime", "_realtime", "extensions", "graphql", "graphql_public", "pgbouncer", "pgsodium",
    "pgsodium_masks", "vault", "supabase_migrations", "supabase_functions", "net", "cron", "information_schema",
    "cyphr",
]  # fmt: skip
"""Schemas that are not moved as they are: Supabase's own, PostgreSQL's, and this tool's."""

_FIRST_USER_OID = 16384
# In the binary format these are OIDs, which name other things on the other side; or they have no such format at all.
_TEXT_ONLY = {24, 1008, 1033, 1034, 2202, 2203, 2204, 2205, 2206, 2207, 2208, 2209, 2210, 2211, 3734, 3735, 3769, 3770,
              4089, 4090, 4096, 4097, 4191, 4192}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column. ``generated`` columns are computed by each side itself and never sent.

    ``always_identity``: generated always as identity; it can be inserted, but never updated.
    """

    name: str
    type_oid: int
    type: str
    generated: bool
    always_identity: bool = False


@dataclass(frozen=True)
class Table:
    """One table whose rows are moved."""

    schema: str
    name: str
    replica_identity: str
    estimated_rows: int | None
    """None: the server has never counted them."""
    bytes: int
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Names of the columns that find a row again; empty when there is none."""

    @property
    def title(self) -> str:
        """For people: ``public.messages``."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    async def truncate(self, connection: AsyncConnection) -> None:
        """Empty it, and it alone."""
        await connection.execute(sql.SQL("truncate only {}").format(self.identifier))

    @property
    def sent_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.generated)

    @property
    def is_binary_alike(self) -> bool:
        """Whether the binary format means the same on both sides (user-defined types carry OIDs that differ)."""
        return all(column.type_oid < _FIRST_USER_OID and column.type_oid not in _TEXT_ONLY for column in self.columns)


async def read_tables(connection: AsyncConnection) -> list[Table]:
    """Every table of the user's schemas, ordered by name."""
    return [
        Table(
            schema=row["schema"],
            name=row["name"],
            replica_identity=row["replica_identity"],
            estimated_rows=row["estimated_rows"],
            bytes=row["bytes"],
            columns=tuple(Column(**column) for column in row["columns"]),
            key=tuple(row["key"]),
        )
        for row in await _rows(connection, "tables.sql")
    ]


async def _rows(connection: AsyncConnection, file: str) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(read_sql("cyphr.migrate.database.sql", file), {"platform": PLATFORM_SCHEMAS})
        return await cursor.fetchall()
