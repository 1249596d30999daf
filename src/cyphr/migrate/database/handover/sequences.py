"""Sequences: what the new writer gives out must never collide with what the old one gave."""

from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")


@dataclass(frozen=True)
class Sequence:
    """A sequence and the last value it gave; None: it has given none. A cached range counts as given."""

    schema: str
    name: str
    last_value: int | None
    increment_by: int
    min_value: int
    max_value: int
    readable: bool

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def ahead(self, margin: int) -> int:
        """``margin`` values past the last one, or half of what is left when the end is near."""
        assert self.last_value is not None
        end = self.max_value if self.increment_by > 0 else self.min_value
        left = abs(end - self.last_value) // abs(self.increment_by)
        return self.last_value + self.increment_by * min(margin, left // 2)


Carried = dict[tuple[str, str], int | None]
"""The last value of each sequence of the old writer when it was carried over."""


async def carry_sequences(
    old: AsyncConnection, new: AsyncConnection, margin: int, before: Carried | None = None
) -> Carried:
    """Set the new writer's sequences past everything that the old one gave, by ``margin`` values.

    ``before``: what an earlier call returned; only what has moved since is set again. Raises HandoverRefused when a
    sequence cannot be read there or set here.
    """
    sequences = await _read(old)
    if unreadable := [f"{one.schema}.{one.name}" for one in sequences if not one.readable]:
        raise HandoverRefused(
            f"the last value of {', '.join(unreadable)} cannot be read; grant this role usage on it, then try again"
        )
    moved = [one for one in sequences if before is None or before.get((one.schema, one.name), -1) != one.last_value]
    values = [(one, one.ahead(margin), True) for one in moved if one.last_value is not None]
    values += [(one, await _restart_value(old, one), False) for one in moved if one.last_value is None]
    await _set(new, values)
    return {(one.schema, one.name): one.last_value for one in sequences}


async def _read(connection: AsyncConnection) -> list[Sequence]:
    async with connection.cursor(row_factory=class_row(Sequence)) as cursor:
        await cursor.execute(_queries.sequences, {"platform": PLATFORM_SCHEMAS})
        return await cursor.fetchall()


async def _restart_value(connection: AsyncConnection, sequence: Sequence) -> int:
    """Where a sequence that has given nothing yet will begin: not always where it was made to."""
    cursor = await connection.execute(sql.SQL("select last_value from {}").format(sequence.identifier))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _set(connection: AsyncConnection, values: list[tuple[Sequence, int, bool]]) -> None:
    if not values:
        return
    parameters = {
        "names": [sequence.identifier.as_string(None) for sequence, _, _ in values],
        "values": [value for _, value, _ in values],
        "called": [called for _, _, called in values],
    }
    try:
        cursor = await connection.execute(_queries.set_sequences, parameters)
        missing = [name for _, name in await cursor.fetchall()]
    except psycopg.errors.InsufficientPrivilege as error:
        raise HandoverRefused(f"a sequence cannot be set on the other side: {error}; grant update on it") from error
    if missing:
        raise HandoverRefused(f"sequences are missing on the other side: {', '.join(missing)}; create them there")
