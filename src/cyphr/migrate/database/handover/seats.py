"""Seats: who may write, as each database's switchboard has it.

Nothing here reads a clock: what is newer is told by the epoch, which only rises.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings

_TAKE: LiteralString = """
select from cyphr.switchboard where service = 'database' for update;
update cyphr.switchboard set side = {side}, epoch = {epoch}, changed_at = clock_timestamp()
 where service = 'database' and epoch < {epoch}
   and not exists (select from cyphr.called_off as c where c.epoch = {epoch});
select pg_logical_emit_message(true, 'cyphr', {content})
"""


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


async def read_seats(databases: Mapping[Side, PostgresSettings]) -> dict[Side, Seat]:
    """What each of the two databases says."""
    seats = {}
    for side in Side:
        async with await connect(databases[side]) as connection:
            seats[side] = await read_seat(connection)
    return seats


def find_holder(seats: Mapping[Side, Seat]) -> Seat:
    """The seat of the side that says of itself that it may be written. Raises Unavailable when neither does."""
    for side, seat in seats.items():
        if seat.side is side:
            return seat
    raise Unavailable("neither database accepts writes: a handover is under way or was interrupted")


async def take_seat(connection: AsyncConnection, seat: Seat, mark: str) -> None:
    """Write down in the open transaction who has the authority from its commit on, and the mark into the stream.

    Raises HandoverRefused when this epoch was called off here.
    """
    content = json.dumps({"mark": mark, "epoch": seat.epoch})
    values = {"side": seat.side, "epoch": seat.epoch, "content": content}
    # In one message, but three statements: what is seen after the lock was waited for must be newer than the lock.
    cursor = await connection.execute(
        sql.SQL(_TAKE).format(**{name: sql.Literal(value) for name, value in values.items()})
    )
    cursor.nextset()
    if cursor.rowcount != 1:
        raise HandoverRefused(f"the handover of epoch {seat.epoch} was called off")


async def call_off(connection: AsyncConnection, side: Side, epoch: int) -> bool:
    """Make sure that this database, of ``side``, will not open in ``epoch``; False when it has opened already."""
    async with connection.transaction():
        if (await lock_seat(connection)).side is side:
            return False
        await connection.execute("insert into cyphr.called_off (epoch) values (%s) on conflict do nothing", [epoch])
        return True


async def read_other_services(connection: AsyncConnection) -> dict[str, Seat]:
    """Where every service but the database stands, as this database has it."""
    cursor = await connection.execute("select service, side, epoch from cyphr.switchboard where service <> 'database'")
    return {service: Seat(Side(side), epoch) for service, side, epoch in await cursor.fetchall()}


async def carry_other_services(connection: AsyncConnection, carry: Mapping[str, Seat]) -> None:
    """Write down here where the other services stand, unless this database knows something newer."""
    for service, other in carry.items():
        await connection.execute(
            "insert into cyphr.switchboard (service, side, epoch) values (%s, %s, %s)"
            " on conflict (service) do update set side = excluded.side, epoch = excluded.epoch,"
            " changed_at = clock_timestamp()"
            " where switchboard.epoch < excluded.epoch or switchboard.side <> excluded.side",
            [service, other.side, other.epoch],
        )


async def lock_seat(connection: AsyncConnection) -> Seat:
    """Keep everybody else from changing this database's seat until the open transaction ends."""
    await connection.execute("select from cyphr.switchboard where service = 'database' for update")
    return await read_seat(connection)
