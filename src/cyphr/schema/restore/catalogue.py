"""What the receiving database says about its own tables: columns, keys, references, and the order they impose."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from cyphr.foundation.queries import load_queries

_QUERIES = load_queries(__package__)


@dataclass(frozen=True)
class Column:
    """A column; ``category`` is pg_type.typcategory."""

    name: str
    type: str
    category: str
    required: bool
    has_default: bool
    generated: bool


@dataclass(frozen=True)
class ForeignKey:
    """A reference from ``columns`` to ``referenced_columns`` of another table, or of the same one."""

    columns: list[str]
    referenced_schema: str
    referenced_table: str
    referenced_columns: list[str]


@dataclass
class Relation:
    """A table or view of schema ``public``."""

    oid: int
    name: str
    is_view: bool
    hidden_by_policies: bool
    key: list[str]
    columns: dict[str, Column] = field(default_factory=dict)
    unique: list[list[str]] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)


async def read_catalogue(connection: AsyncConnection) -> dict[str, Relation]:
    """Every table and view of schema ``public``, by name."""
    async with connection.cursor(row_factory=class_row(Relation)) as cursor:
        await cursor.execute(_QUERIES.find_relations)
        relations = {relation.oid: relation for relation in await cursor.fetchall()}
    async with connection.cursor(row_factory=dict_row) as rows:
        for row in await (await rows.execute(_QUERIES.find_columns)).fetchall():
            relation = relations[row.pop("relation")]
            relation.columns[row["name"]] = Column(**row)
        for row in await (await rows.execute(_QUERIES.find_unique_columns)).fetchall():
            relations[row["relation"]].unique.append(row["columns"])
        for row in await (await rows.execute(_QUERIES.find_foreign_keys)).fetchall():
            relations[row.pop("relation")].foreign_keys.append(ForeignKey(**row))
    return {relation.name: relation for relation in relations.values()}


def dependency_order(relations: Iterable[Relation]) -> list[list[Relation]]:
    """Groups of tables such that a group refers only to earlier groups and to itself.

    A group of several tables is a cycle (with whatever hangs on it): it must be loaded by one statement, because
    PostgreSQL checks references when a statement ends.
    """
    waiting = {relation.name: relation for relation in relations}
    groups: list[list[Relation]] = []
    while waiting:
        ready = [relation for relation in waiting.values() if not _refers_to(relation, waiting)]
        groups.extend([relation] for relation in ready) if ready else groups.append(list(waiting.values()))
        for relation in ready or list(waiting.values()):
            del waiting[relation.name]
    return groups


def _refers_to(relation: Relation, waiting: dict[str, Relation]) -> bool:
    return any(
        key.referenced_schema == "public" and key.referenced_table in waiting and key.referenced_table != relation.name
        for key in relation.foreign_keys
    )
