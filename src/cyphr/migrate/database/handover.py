"""Handover: move the authority to write from one database to the other. The same code, sides swapped, hands it back.

The fence is a statement trigger, ``cyphr_fence``, on every moved table: disabled where writing is allowed, enabled
where it is not. Enabling it takes a lock that waits for the writers in flight, and once it is in the catalogue it binds
every later statement, whatever its snapshot. The same transaction changes the switchboard and writes the mark into the
stream that says *this is the end*.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import read_sql
from cyphr.migrate.database.catalogue import Table, read_sequences

T = TypeVar("T")

FENCE = "cyphr_fence"
# The mark must reach the stream at once, also where commits are asynchronous by default.
_IMPATIENT: LiteralString = """
set local lock_timeout = '40ms'; set local statement_timeout = '120ms'; set local synchronous_commit = on
"""
_LOCK_ATTEMPTS = 100
_PAUSE_SECONDS = 0.03
_SEQUENCE_MARGIN = 1_000


@dataclass(frozen=True)
class Seat:
    """Who has the authority over the database: as one database's switchboard has it."""

    side: Side
    epoch: int


async def read_seat(connection: AsyncConnection) -> Seat:
    """What this database says of who may write."""
    cursor = await connection.execute("select side, epoch from cyphr.switchboard where service = 'database'")
    row = await cursor.fetchone()
    if row is None:
        raise HandoverRefused("this database's switchboard does not know the service 'database'; run start first")
    return Seat(Side(row[0]), row[1])


async def install_fence(connection: AsyncConnection, tables: list[Table], *, enabled: bool) -> None:
    """Create the trigger on every table that lacks it, one short transaction each, so that writers hardly queue."""
    present = await _fenced_tables(connection)
    for table in tables:
        if (table.schema, table.name) not in present:
            await _locked(connection, partial(_create_fence, connection, table, enabled=enabled))


async def remove_fence(connection: AsyncConnection) -> None:
    """Drop every trigger of this tool."""
    for schema, name in await _fenced_tables(connection):
        drop = sql.SQL("drop trigger if exists {} on {}").format(sql.Identifier(FENCE), sql.Identifier(schema, name))
        await _locked(connection, partial(connection.execute, drop))


async def fence(connection: AsyncConnection, tables: list[Table], to: Side, epoch: int) -> float:
    """Refuse every further write here and say so in the switchboard and in the stream, in one transaction.

    Returns the seconds from asking for the locks to the commit. Raises HandoverRefused when the locks cannot be had.
    """

    async def close() -> float:
        started = monotonic()
        await connection.execute(_lock_tables(tables))
        for table in tables:
            await connection.execute(_switch_fence(table, enabled=True))
        await _take_seat(connection, Seat(to, epoch))
        await _emit_mark(connection, "fenced", epoch)
        return started

    started = await _locked(connection, close)
    return monotonic() - started


async def lift_fence(connection: AsyncConnection, tables: list[Table], seat: Seat, carry: dict[str, Seat]) -> None:
    """Allow writing here: switch the triggers off, take the seat, say so in the stream, in one transaction.

    ``carry``: where the other services stand, as the other database has it.
    """

    async def open_() -> None:
        await connection.execute(_lock_tables(tables))
        for table in tables:
            await connection.execute(_switch_fence(table, enabled=False))
        await _take_seat(connection, seat)
        for service, other in carry.items():
            await connection.execute(
                "insert into cyphr.switchboard (service, side, epoch) values (%s, %s, %s)"
                " on conflict (service) do update set side = excluded.side, epoch = excluded.epoch,"
                " changed_at = clock_timestamp()"
                " where switchboard.epoch < excluded.epoch or switchboard.side <> excluded.side",
                [service, other.side, other.epoch],
            )
        await _emit_mark(connection, "opened", seat.epoch)

    await _locked(connection, open_)


async def call_off(connection: AsyncConnection, side: Side, epoch: int) -> bool:
    """Make sure that this database, of ``side``, will not open in ``epoch``; False when it has opened already."""
    async with connection.transaction():
        if (await _lock_seat(connection)).side is side:
            return False
        await connection.execute("insert into cyphr.called_off (epoch) values (%s) on conflict do nothing", [epoch])
        return True


async def read_other_services(connection: AsyncConnection) -> dict[str, Seat]:
    """Where every service but the database stands, as this database has it."""
    cursor = await connection.execute("select service, side, epoch from cyphr.switchboard where service <> 'database'")
    return {service: Seat(Side(side), epoch) for service, side, epoch in await cursor.fetchall()}


async def carry_sequences(old: AsyncConnection, new: AsyncConnection) -> None:
    """Set the new writer's sequences past everything that the old one gave, with a margin for values given since."""
    for sequence in await read_sequences(old):
        if sequence["last_value"] is None:
            continue
        step = sequence["increment_by"]
        ahead = sequence["last_value"] + step * _SEQUENCE_MARGIN
        value = max(min(ahead, sequence["max_value"]), sequence["min_value"])
        name = sql.Identifier(sequence["schema"], sequence["name"]).as_string(None)
        await new.execute("select setval(%s::regclass, %s)", [name, value])


async def long_transactions(connection: AsyncConnection, seconds: float) -> list[str]:
    """Transactions of other sessions that have been writing, or could, for longer than ``seconds``."""
    query = read_sql("cyphr.migrate.database.sql", "long_transactions.sql")
    cursor = await connection.execute(query, {"seconds": seconds})
    return [f"process {pid} ({name or 'unnamed'}) for {age:.0f} s" for pid, name, age in await cursor.fetchall()]


async def _locked(connection: AsyncConnection, work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work`` in a transaction that gives up its place in a lock's queue quickly and tries again."""
    for _ in range(_LOCK_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(_IMPATIENT)
                return await work()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected):
            # Writers queue behind a waiting ALTER TABLE: let them through before the next attempt.
            await asyncio.sleep(_PAUSE_SECONDS)
    raise HandoverRefused(
        f"the tables could not be locked in {_LOCK_ATTEMPTS} attempts; a long transaction holds one of them",
        long_transactions=await long_transactions(connection, seconds=1),
    )


async def _fenced_tables(connection: AsyncConnection) -> set[tuple[str, str]]:
    cursor = await connection.execute(
        "select n.nspname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " join pg_namespace n on n.oid = c.relnamespace where t.tgname = %s",
        [FENCE],
    )
    return {(schema, name) for schema, name in await cursor.fetchall()}


async def _create_fence(connection: AsyncConnection, table: Table, *, enabled: bool) -> None:
    await connection.execute(
        sql.SQL(
            "create trigger {} before insert or update or delete or truncate on {}"
            " for each statement execute function cyphr.refuse_write()"
        ).format(sql.Identifier(FENCE), table.identifier)
    )
    if not enabled:
        await connection.execute(_switch_fence(table, enabled=False))


def _lock_tables(tables: list[Table]) -> sql.Composed:
    names = sql.SQL(", ").join(table.identifier for table in tables)
    return sql.SQL("lock table {} in share row exclusive mode").format(names)


def _switch_fence(table: Table, *, enabled: bool) -> sql.Composed:
    verb = sql.SQL("enable" if enabled else "disable")
    return sql.SQL("alter table {} {} trigger {}").format(table.identifier, verb, sql.Identifier(FENCE))


async def _take_seat(connection: AsyncConnection, seat: Seat) -> None:
    await _lock_seat(connection)
    cursor = await connection.execute(
        "update cyphr.switchboard set side = %s, epoch = %s, changed_at = clock_timestamp()"
        " where service = 'database' and epoch < %s"
        " and not exists (select from cyphr.called_off as c where c.epoch = %s)",
        [seat.side, seat.epoch, seat.epoch, seat.epoch],
    )
    if cursor.rowcount != 1:
        raise HandoverRefused(f"the handover of epoch {seat.epoch} was called off")


async def _lock_seat(connection: AsyncConnection) -> Seat:
    await connection.execute("select from cyphr.switchboard where service = 'database' for update")
    return await read_seat(connection)


async def _emit_mark(connection: AsyncConnection, mark: str, epoch: int) -> None:
    content = json.dumps({"mark": mark, "epoch": epoch})
    await connection.execute("select pg_logical_emit_message(true, 'cyphr', %s)", [content])
