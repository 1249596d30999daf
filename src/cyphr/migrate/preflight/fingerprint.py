"""A database's schema as digests, so that two states of it can be told apart, object by object."""

import hashlib
import json
from collections.abc import Mapping

from psycopg import AsyncConnection

from cyphr.migrate.database import schema

Objects = Mapping[str, str]
"""What there is (``table public.users``), and a digest of its definition."""


async def read_objects(connection: AsyncConnection) -> dict[str, str]:
    """Every object of the schemas that are moved, without what this tool adds."""
    return {one.title: _digest(one.definition) for one in await schema.read_objects(connection)}


def fingerprint(objects: Objects) -> str:
    """One digest for a whole schema."""
    return _digest(json.dumps(sorted(objects.items())))


def changes(before: Objects, after: Objects) -> list[str]:
    """What came, went and became different, in words."""
    return [
        f"{name} {'is new' if name not in before else 'is gone' if name not in after else 'changed'}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
