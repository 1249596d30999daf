"""The fence: a statement trigger on every moved table, and one table without rows that it makes writers pass.

Each trigger, ``cyphr_fence``, writes nothing into ``cyphr.fence``, whose own trigger refuses that when it is enabled
(``schema/switchboard.sql``). Where writing is not allowed, the tables are armed (their triggers enabled) and the fence
is closed (its trigger enabled). Where it is allowed, the fence is open and the tables are not armed, so that writers
pay nothing.

Closing locks and alters the fence: the lock waits for the writers in flight, and once it is in the catalogue it binds
every later statement, whatever its snapshot. The same transaction changes the switchboard and writes the mark into the
stream that says *this is the end*. Tables that are not armed by then are armed in it. Writers wait for each, so many
are armed before a move and disarmed after it, a few at a time.

A table that another role owns cannot be altered. Its trigger is replaced instead, which takes the same lock and the
privilege TRIGGER only: with ``when (false)`` it never fires.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.handover.locks import HOLD_OFF_CHANGES, ask_for, locked
from cyphr.migrate.database.handover.seats import Seat, carry_other_services, take_seat
from cyphr.migrate.database.handover.triggers import quieten_triggers, restore_triggers
from cyphr.migrate.hooks.settings import LOCK_WAIT_MILLISECONDS

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_TRIGGER = sql.Identifier("cyphr_fence")
_FENCE = sql.Identifier("cyphr", "fence")
_TABLES_PER_TRANSACTION = 20  # what writers may have to wait for at once while triggers are created or switched
_FEW_TABLES = 50  # switched while writers are held off anyway: 0.4 ms each


@dataclass(frozen=True)
class FenceTarget:
    """A table that must be fenced. ``owned``: this role may alter it; ``fenced``: it has the trigger, in any state;
    ``armed``: its writers pass the fence.
    """

    schema: str
    name: str
    owned: bool
    fenced: bool
    armed: bool

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def switch(self, *, armed: bool) -> sql.Composed:
        """Let its writers pass the fence, or not. Makes the trigger where it is missing."""
        if self.owned and self.fenced:
            return _alter(self.identifier, enabled=armed)
        made = sql.SQL(
            "create or replace trigger {} before insert or update or delete or truncate on {}"
            " for each statement {} execute function cyphr.pass_fence()"
        ).format(_TRIGGER, self.identifier, sql.SQL("" if armed or self.owned else "when (false)"))
        if armed or not self.owned:
            return made
        return sql.SQL("; ").join([made, _alter(self.identifier, enabled=False)])


async def install_fence(
    connection: AsyncConnection, *, closed: bool, wait_milliseconds: int = LOCK_WAIT_MILLISECONDS
) -> None:
    """Create the trigger on every table that lacks it. ``closed``: arm them, and close the fence.

    Raises HandoverRefused when the tables cannot be locked.
    """
    missing = [target for target in await read_fence_targets(connection) if not target.fenced]
    await _switch(connection, missing, armed=closed, wait_milliseconds=wait_milliseconds)
    if closed:
        await locked(connection, [_FENCE], partial(connection.execute, _alter(_FENCE, enabled=True)))


async def arm_fence(connection: AsyncConnection, wait_milliseconds: int = LOCK_WAIT_MILLISECONDS) -> None:
    """Let the writers of many tables of this role's own pass the fence, so that it can be closed at once.

    Raises HandoverRefused when the tables cannot be locked.
    """
    targets = [target for target in await read_fence_targets(connection) if target.owned and not target.armed]
    if len(targets) > _FEW_TABLES:
        await _switch(connection, targets, armed=True, wait_milliseconds=wait_milliseconds)


async def disarm_fence(connection: AsyncConnection) -> None:
    """Spare the writers the way past the fence, here where it is open. Raises HandoverRefused when the tables cannot be
    locked; writing goes on all the same.
    """
    targets = [target for target in await read_fence_targets(connection) if target.armed]
    await _switch(connection, targets, armed=False)


async def remove_fence(connection: AsyncConnection) -> None:
    """Drop the triggers of this role's own tables; those of others never fire from now on."""
    await disarm_fence(connection)
    fenced = [target for target in await read_fence_targets(connection) if target.fenced and target.owned]
    for some in _few(fenced):
        statements = [sql.SQL("drop trigger if exists {} on {}").format(_TRIGGER, each.identifier) for each in some]
        await locked(connection, [], partial(_run, connection, *statements))


async def close_fence(
    connection: AsyncConnection, seat: Seat, wait_milliseconds: int = LOCK_WAIT_MILLISECONDS
) -> float:
    """Refuse every further write here and say so in the switchboard and in the stream, in one transaction.

    ``seat``: who has the authority instead. ``wait_milliseconds``: how long a writer may have to wait because a lock is
    waited for. Returns the seconds from asking for the lock that holds off writers to the commit. Raises
    HandoverRefused when the locks cannot be had.
    """
    known = _own(await read_fence_targets(connection))

    async def close() -> float:
        await quieten_triggers(connection)  # from here on this side receives
        # Nobody can switch a trigger off now, so this stays true.
        late = [target for target in await read_fence_targets(connection) if not (target.armed and target.owned)]
        work = [*(target.switch(armed=True) for target in late), _alter(_FENCE, enabled=True)]
        started = monotonic()
        await _run(connection, ask_for([*_own(late), _FENCE], wait_milliseconds, work=work))
        await take_seat(connection, seat, "fenced")
        return started

    started = await locked(connection, known, close, wait_milliseconds, HOLD_OFF_CHANGES)
    return monotonic() - started


async def lift_fence(
    connection: AsyncConnection,
    seat: Seat,
    carry: Mapping[str, Seat],
    known: Sequence[FenceTarget] | None = None,
) -> None:
    """Allow writing here: open the fence, take the seat, say so in the stream, in one transaction.

    ``carry``: where the other services stand, as the other database has it. ``known``: this database's tables, when
    they were read a moment ago. A few are disarmed with it, many stay armed; see ``disarm_fence``.
    """
    armed = [target for target in known or await read_fence_targets(connection) if target.armed]
    now = armed if len(armed) <= _FEW_TABLES else []

    async def open_() -> None:
        await _run(connection, *(target.switch(armed=False) for target in now), _alter(_FENCE, enabled=False))
        await restore_triggers(connection)
        await take_seat(connection, seat, "opened")
        await carry_other_services(connection, carry)

    await locked(connection, [*_own(now), _FENCE], open_)


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


async def _switch(
    connection: AsyncConnection,
    targets: Sequence[FenceTarget],
    *,
    armed: bool,
    wait_milliseconds: int = LOCK_WAIT_MILLISECONDS,
) -> None:
    """Arm tables or not, a few in each short transaction, so that writers hardly queue."""
    for some in _few(targets):
        statements = [target.switch(armed=armed) for target in some]
        await locked(connection, _own(some), partial(_run, connection, *statements), wait_milliseconds)


def _few(targets: Sequence[FenceTarget]) -> Iterator[Sequence[FenceTarget]]:
    for first in range(0, len(targets), _TABLES_PER_TRANSACTION):
        yield targets[first : first + _TABLES_PER_TRANSACTION]


def _own(targets: Sequence[FenceTarget]) -> list[sql.Identifier]:
    # To lock another role's table takes more than TRIGGER; replacing its trigger locks it as well.
    return [target.identifier for target in targets if target.owned]


def _alter(table: sql.Identifier, *, enabled: bool) -> sql.Composed:
    verb = sql.SQL("enable" if enabled else "disable")
    return sql.SQL("alter table only {} {} trigger {}").format(table, verb, _TRIGGER)


async def _run(connection: AsyncConnection, *statements: sql.Composed) -> None:
    """Run all of them in one round trip, inside the open transaction."""
    try:
        await connection.execute(sql.SQL("; ").join(statements))
    except psycopg.errors.InsufficientPrivilege as error:
        raise HandoverRefused(
            f"a table cannot be fenced: {str(error).strip()}. Own it, or be granted TRIGGER on it, then try again."
        ) from error
