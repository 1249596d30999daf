"""Tables whose parts show different points of the stream, after a restart in the middle of one.

Until the stream has passed the newest of them, rows may be here as they were at different times, and only their key is
certain to be unique. So such a table has an index of ours over its key, by which rows are replayed, and gets its own
indexes afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

from psycopg import AsyncConnection, sql

from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.parts import Part
from cyphr.migrate.database.copy.points import queries


async def prepare_tables(target: AsyncConnection, parts: Mapping[Table, Sequence[Part]], lsn: int) -> None:
    """Index the keys of the tables that become mixed when what remains of them is copied at ``lsn``.

    A table that was to be mixed and begins anew, because its rows were written anew, loses that index again.
    """
    for table, remaining in parts.items():
        if not becomes_mixed(remaining, lsn):
            await settle_tables(target, [table])
            continue
        key = sql.SQL(", ").join(sql.Identifier(name) for name in table.key)
        await target.execute(
            sql.SQL("create unique index if not exists {} on {} ({})").format(
                sql.Identifier(_index_name(table)), table.identifier, key
            )
        )


def becomes_mixed(remaining: Sequence[Part], lsn: int) -> bool:
    """Whether a table will show several points when ``remaining`` of its parts is copied at ``lsn``."""
    return any(part.others_lsn not in (None, lsn) for part in remaining)


async def settle_tables(target: AsyncConnection, tables: Iterable[Table]) -> None:
    """Drop the indexes of ours, as when the stream has passed the points of all parts."""
    for table in tables:
        name = sql.Identifier(table.schema, _index_name(table))
        await target.execute(sql.SQL("drop index if exists {}").format(name))


async def read_mixed(target: AsyncConnection) -> set[tuple[str, str]]:
    """(schema, name) of the tables whose copied parts show different points."""
    return {(schema, name) for schema, name in await (await target.execute(queries.mixed_tables)).fetchall()}


def _index_name(table: Table) -> str:
    return f"cyphr_key_{crc32(table.name.encode()):08x}"  # a name may be as long as names can be
