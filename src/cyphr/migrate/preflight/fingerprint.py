"""A database's schema as digests, so that two states of it can be told apart, object by object."""

import hashlib
import json
from collections.abc import Mapping

from psycopg import AsyncConnection

from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS

queries = load_queries(__package__)

Objects = Mapping[str, str]
"""What there is (``relation public.users``), and a digest of its definition."""


async def read_objects(connection: AsyncConnection) -> dict[str, str]:
    """Every object of the schemas that are moved, without what this tool adds."""
    cursor = await connection.execute(queries.schema_objects, {"platform": PLATFORM_SCHEMAS})
    return dict(await cursor.fetchall())


def fingerprint(objects: Objects) -> str:
    """One digest for a whole schema."""
    return hashlib.sha256(json.dumps(sorted(objects.items())).encode()).hexdigest()[:16]


def changes(before: Objects, after: Objects) -> list[str]:
    """What came, went and became different, in words."""
    return [
        f"{name} {'is new' if name not in before else 'is gone' if name not in after else 'changed'}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
