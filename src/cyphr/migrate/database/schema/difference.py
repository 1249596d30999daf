"""What two schemas have in common: every object of the moved schemas as a line of text, and the lines that differ."""

import hashlib
import re
from dataclasses import dataclass

from psycopg import AsyncConnection

from cyphr.foundation.queries import read_sql
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS

# Until version 15 a view's columns are printed with their table's name also where there is only one table. What a name
# stands for is not lost: the tables and functions that a view reads are lines of their own.
_DEPARSED = {"view", "materialized view", "rule"}
_LITERAL_OR_QUALIFIER = re.compile(r"""('(?:[^']|'')*')|(?:\b[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")\.(?=[a-z_"*])""")


@dataclass(frozen=True, order=True)
class SchemaObject:
    """One object, or a comment or grant on one: ``SchemaObject("index", "public.users_pkey", "CREATE UNIQUE …")``."""

    kind: str
    identity: str
    definition: str

    @property
    def title(self) -> str:
        """For people: ``index public.users_pkey``."""
        return f"{self.kind} {self.identity}"


async def read_objects(connection: AsyncConnection) -> list[SchemaObject]:
    """Every object of the moved schemas, sorted. Equal schemas give equal lists on PostgreSQL 15 to 18."""
    # Rolled back: inside another transaction that, and not the end of a savepoint, restores the search_path.
    async with connection.transaction(force_rollback=True):
        await connection.execute("set local search_path = ''")
        cursor = await connection.execute(read_sql(__package__, "objects.sql"), {"platform": PLATFORM_SCHEMAS})
        return sorted(
            SchemaObject(kind, identity, _normalise(kind, text)) for kind, identity, text in await cursor.fetchall()
        )


async def fingerprint(connection: AsyncConnection) -> str:
    """The SHA-256 of the schema. Whatever this tool adds does not change it."""
    digest = hashlib.sha256()
    for one in await read_objects(connection):
        digest.update(f"{one.kind}\0{one.identity}\0{one.definition}\n".encode())
    return digest.hexdigest()


async def compare_schemas(source: AsyncConnection, target: AsyncConnection) -> list[str]:
    """What differs, one sentence per object; empty when the target's schema is the source's."""
    ours = {(one.kind, one.identity): one for one in await read_objects(source)}
    theirs = {(one.kind, one.identity): one for one in await read_objects(target)}
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(key), theirs.get(key)
        if other is None:
            found.append(f"{' '.join(key)} is missing on the target")
        elif one is None:
            found.append(f"{' '.join(key)} is on the target only")
        elif one != other:
            found.append(f"{one.title} differs: {one.definition!r} on the source, {other.definition!r} on the target")
    return found


def _normalise(kind: str, definition: str) -> str:
    if kind not in _DEPARSED:
        return definition
    return " ".join(_LITERAL_OR_QUALIFIER.sub(r"\1", definition).split())
