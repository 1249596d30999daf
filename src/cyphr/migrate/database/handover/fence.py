"""The fence: a statement trigger, ``cyphr_fence``, on every moved table.

It is disabled where writing is allowed, enabled where it is not. Enabling it takes a lock that waits for the writers in
flight, and once it is in the catalogue it binds every later statement, whatever its snapshot. The same transaction
changes the switchboard and writes the mark into the stream that says *this is the end*.

A table that another role owns cannot be altered. Its trigger is replaced instead, which takes the same lock and the
privilege TRIGGER only: with ``when (false)`` it never fires.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.handover.locks import locked
from cyphr.migrate.database.handover.seats import Seat, carry_other_services, take_seat
from cyphr.migrate.database.handover.triggers import quieten_triggers, restore_triggers
from cyphr.migrate.hooks.settings import LOCK_WAIT_MILLISECONDS

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_FENCE = sql.Identifier("cyphr_fence")
_TABLES_PER_TRANSACTION = 20  # what writers may have to wait for at once while triggers are created


@dataclass(frozen=True)
class FenceTarget:
    """A table that must be fenced. ``owned``: this role may alter it; ``fenced``: it has the trigger, in any state."""

    schema: str
    name: str
    owned: bool
    fenced: bool

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def create(self, *, enabled: bool) -> sql.Composed:
        """Make the trigger, or make it anew."""
        made = sql.SQL(
            "create or replace trigger {} before insert or update or delete or truncate on {}"
            " for each statement {} execute function cyphr.refuse_write()"
        ).format(_FENCE, self.identifier, sql.SQL("" if enabled or self.owned else "when (false)"))
        if enabled or not self.owned:
            return made
        return sql.SQL("; ").join([made, self._alter(enabled=False)])

    def switch(self, *, enabled: bool) -> sql.Composed:
        """Let the trigger refuse, or not."""
        return self._alter(enabled=enabled) if self.owned and self.fenced else self.create(enabled=enabled)

    def _alter(self, *, enabled: bool) -> sql.Composed:
        verb = sql.SQL("enable" if enabled else "disable")
        return sql.SQL("alter table only {} {} trigger {}").format(self.identifier, verb, _FENCE)


async def install_fence(
    connection: AsyncConnection, *, enabled: bool, wait_milliseconds: int = LOCK_WAIT_MILLISECONDS
) -> None:
    """Create the trigger on every table that lacks it, a few in each short transaction, so that writers hardly queue.

    Raises HandoverRefused when the tables cannot be locked.
    """
    missing = [target for target in await read_fence_targets(connection) if not target.fenced]
    for first in range(0, len(missing), _TABLES_PER_TRANSACTION):
        some = missing[first : first + _TABLES_PER_TRANSACTION]
        statements = [target.create(enabled=enabled) for target in some]
        await locked(connection, _lockable(some), partial(_run_all, connection, statements), wait_milliseconds)


async def remove_fence(connection: AsyncConnection) -> None:
    """Drop the triggers of this role's own tables, a few in each short transaction."""
    fenced = [target for target in await read_fence_targets(connection) if target.fenced and target.owned]
    for first in range(0, len(fenced), _TABLES_PER_TRANSACTION):
        some = fenced[first : first + _TABLES_PER_TRANSACTION]
        statements = [sql.SQL("drop trigger if exists {} on {}").format(_FENCE, each.identifier) for each in some]
        await locked(connection, [], partial(_run_all, connection, statements))


async def close_fence(
    connection: AsyncConnection, seat: Seat, wait_milliseconds: int = LOCK_WAIT_MILLISECONDS
) -> float:
    """Refuse every further write here and say so in the switchboard and in the stream, in one transaction.

    ``seat``: who has the authority instead. ``wait_milliseconds``: how long a writer may have to wait because a lock is
    waited for. Returns the seconds from asking for the locks to the commit. Raises
    HandoverRefused when the locks cannot be had.
    """
    targets = await read_fence_targets(connection)

    async def close() -> float:
        started = monotonic()
        await _run_all(connection, [target.switch(enabled=True) for target in targets])
        await quieten_triggers(connection)  # from here on this side receives
        await take_seat(connection, seat, "fenced")
        return started

    started = await locked(connection, _lockable(targets), close, wait_milliseconds)
    return monotonic() - started


async def lift_fence(
    connection: AsyncConnection,
    seat: Seat,
    carry: Mapping[str, Seat],
    known: Sequence[FenceTarget] | None = None,
) -> None:
    """Allow writing here: switch the triggers off, take the seat, say so in the stream, in one transaction.

    ``carry``: where the other services stand, as the other database has it. ``known``: this database's tables, when
    they were read a moment ago.
    """
    targets = [target for target in known or await read_fence_targets(connection) if target.fenced]

    async def open_() -> None:
        await _run_all(connection, [target.switch(enabled=False) for target in targets])
        await restore_triggers(connection)
        await take_seat(connection, seat, "opened")
        await carry_other_services(connection, carry)

    await locked(connection, _lockable(targets), open_)


async def read_fence_targets(connection: AsyncConnection) -> list[FenceTarget]:
    """Every table here that the fence must be on, as the catalogue has it now."""
    async with connection.cursor(row_factory=class_row(FenceTarget)) as cursor:
        await cursor.execute(_queries.fence_targets, {"platform": PLATFORM_SCHEMAS})
        return await cursor.fetchall()


async def read_unmoved(connection: AsyncConnection) -> list[str]:
    """The tables here that are not followed, as ``schema.name``."""
    cursor = await connection.execute(_queries.unmoved_tables, {"platform": PLATFORM_SCHEMAS})
    return [row[0] for row in await cursor.fetchall()]


async def demand_all_moved(connection: AsyncConnection) -> None:
    """Raise HandoverRefused when a table here is not among those that are followed: its rows would be left behind."""
    if unmoved := await read_unmoved(connection):
        raise HandoverRefused(
            f"tables were created since the migration began and are not followed: {', '.join(unmoved[:10])}. "
            "Create them on the other side as well, and they are copied and followed; or drop them. Then try again.",
            tables=unmoved,
        )


def _lockable(targets: Sequence[FenceTarget]) -> list[sql.Identifier]:
    # To lock another role's table takes more than TRIGGER; replacing its trigger locks it as well.
    return [target.identifier for target in targets if target.owned]


async def _run_all(connection: AsyncConnection, statements: Sequence[sql.Composed]) -> None:
    """Run all of them in one round trip, inside the open transaction."""
    if not statements:
        return
    try:
        await connection.execute(sql.SQL("; ").join(statements))
    except psycopg.errors.InsufficientPrivilege as error:
        raise HandoverRefused(
            f"a table cannot be fenced: {str(error).strip()}. Own it, or be granted TRIGGER on it, then try again."
        ) from error
    except psycopg.errors.UndefinedTable as error:
        raise HandoverRefused(f"a table was dropped meanwhile: {str(error).strip()}; try again") from error
