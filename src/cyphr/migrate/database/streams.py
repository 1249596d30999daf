"""Publications, replication slots and registered positions: what a stream of changes needs on both sides.

A stream is named after its slot, ``cyphr_to_<side>_<epoch>``: the receiving side and the epoch of the switchboard in
which its sender has the authority. A new epoch is a new stream, so nothing that one direction applied can echo back.
"""

from dataclasses import dataclass
from secrets import token_hex
from typing import LiteralString

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Conflict, Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import read_sql
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.stream import ReplicationConnection, SlotSnapshot, format_lsn
from cyphr.migrate.database.handover.seats import Seat

PUBLICATION = "cyphr_migrate"

_OUR_SLOTS: LiteralString = r"""
select slot_name, active_pid from pg_replication_slots
 where database = current_database() and slot_name like 'cyphr\_to\_%' and not temporary
"""

# What the sender decodes a published table's changes by, where it was changed by transaction ``first`` or a later one.
_CHANGED: LiteralString = """
select c.oid::regclass::text
  from pg_publication p
  join pg_publication_rel r on r.prpubid = p.oid
  join pg_class c on c.oid = r.prrelid
 where p.pubname = %(publication)s
   and (age(c.xmin) <= age(%(first)s::xid)
        or exists (select from pg_class t where t.oid = c.reltoastrelid and age(t.xmin) <= age(%(first)s::xid))
        or exists (select from pg_attribute a where a.attrelid = c.oid and age(a.xmin) <= age(%(first)s::xid))
        or exists (select from pg_index i where i.indrelid = c.oid and age(i.xmin) <= age(%(first)s::xid)))
union
select enumtypid::regtype::text from pg_enum where age(xmin) <= age(%(first)s::xid)
 order by 1
"""

_SLOT_ATTEMPTS = 10


@dataclass(frozen=True)
class Stream:
    """Changes on their way to ``destination``, sent by the side that has the authority in ``epoch``."""

    destination: Side
    epoch: int

    @property
    def name(self) -> str:
        return f"cyphr_to_{self.destination}_{self.epoch}"

    @property
    def sender(self) -> Side:
        return self.destination.other


async def install_streams(connection: AsyncConnection) -> None:
    """Create this tool's tables in a database that will receive a stream. Idempotent."""
    async with connection.transaction():
        await connection.execute(read_sql("cyphr.migrate.database.sql", "streams.sql"))


async def publish(connection: AsyncConnection, tables: list[Table]) -> None:
    """Make the publication hold exactly ``tables``. Must exist before a slot whose changes are read through it."""
    names = sql.SQL(", ").join(table.identifier for table in tables)
    cursor = await connection.execute("select 1 from pg_publication where pubname = %s", [PUBLICATION])
    if await cursor.fetchone():
        statement = sql.SQL("alter publication {} set table {}")
    else:
        statement = sql.SQL("create publication {} for table {}")
    await connection.execute(statement.format(sql.Identifier(PUBLICATION), names))


async def slot_position(connection: AsyncConnection, stream: Stream) -> str | None:
    """Where the stream's slot stands (LSN as text), or None when there is no such slot."""
    cursor = await connection.execute(
        "select confirmed_flush_lsn::text from pg_replication_slots where slot_name = %s", [stream.name]
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def current_stream(connection: AsyncConnection, seat: Seat) -> Stream:
    """The stream that the side with the authority sends: the one it began when it took the seat.

    A handover that was called off moves the epoch on but begins no stream, so the slot tells, not the seat alone.
    """
    prefix = f"cyphr_to_{seat.side.other}_"
    cursor = await connection.execute(_OUR_SLOTS)
    epochs = [int(name.removeprefix(prefix)) for name, _ in await cursor.fetchall() if name.startswith(prefix)]
    return Stream(seat.side.other, max((epoch for epoch in epochs if epoch <= seat.epoch), default=seat.epoch))


async def ensure_slot(sender: PostgresSettings, connection: AsyncConnection, stream: Stream) -> str:
    """Create the stream's slot on its sender unless it is there; its position."""
    position = await slot_position(connection, stream)
    if position is not None:
        return position
    async with ReplicationConnection.open(sender) as replication:
        return format_lsn((await make_slot(replication, connection, stream)).lsn)


async def make_slot(replication: ReplicationConnection, connection: AsyncConnection, stream: Stream) -> SlotSnapshot:
    """Create the stream's slot; its position, with a snapshot that lives until ``replication``'s next command.

    While PostgreSQL looks for a position it can miss that a table was changed, by a TRUNCATE too (decision 88). What is
    written to it next is then decoded by how it was, if at all. So the slot is a temporary one, which is kept once it
    is certain that nothing was changed meanwhile. Raises Unavailable.
    """
    changed: list[str] = []
    for _ in range(_SLOT_ATTEMPTS):
        trial = f"{stream.name}_trial_{token_hex(4)}"
        cursor = await connection.execute("select pg_snapshot_xmax(pg_current_snapshot())::xid::text")
        (first,) = await cursor.fetchone() or ("",)
        point = await replication.create_temporary_slot(trial)
        cursor = await connection.execute(_CHANGED, {"publication": PUBLICATION, "first": first})
        changed = [name for (name,) in await cursor.fetchall()]
        if not changed:
            await connection.execute("select pg_copy_logical_replication_slot(%s, %s, false)", [trial, stream.name])
            return point
        await replication.drop_slot(trial)
    raise Unavailable(
        f"slot {stream.name} cannot be made: whenever it was tried, {', '.join(changed)} had been altered or truncated "
        "meanwhile. Let that rest, then try again."
    )


async def demand_slot(connection: AsyncConnection, stream: Stream) -> None:
    """Raises Conflict when the stream cannot go on: its slot is gone from the sender, or lost what was to be sent."""
    cursor = await connection.execute(
        "select wal_status, current_setting('max_slot_wal_keep_size'), to_jsonb(s) ->> 'invalidation_reason'"
        " from pg_replication_slots as s where slot_name = %s",
        [stream.name],
    )
    row = await cursor.fetchone()
    if row is None:
        raise Conflict(
            f"slot {stream.name} is gone from the sending side (a failover of that server leaves slots behind, or "
            "somebody dropped it), and with it the changes since. Empty the receiving side and start again."
        )
    if row[0] == "lost" and row[2] not in (None, "wal_removed"):  # only PostgreSQL 17 and later tell
        raise Conflict(
            f"slot {stream.name} was invalidated by the sending server ({row[2]}), and with it the changes since. "
            "Empty the receiving side and start again."
        )
    if row[0] == "lost":
        raise Conflict(
            f"slot {stream.name} was invalidated: the sending side had to keep more WAL than its "
            f"max_slot_wal_keep_size ({row[1]}) while nothing was followed, and removed it. Raise that setting, empty "
            "the receiving side and start again."
        )


async def register(connection: AsyncConnection, stream: Stream, lsn: str, *, opened: bool) -> None:
    """Note in the receiving database where the stream starts, unless it is noted already."""
    await connection.execute(
        "insert into cyphr.streams (name, applied_lsn, opened) values (%s, %s::pg_lsn, %s) on conflict do nothing",
        [stream.name, lsn, opened],
    )


async def drop_other_slots(connection: AsyncConnection, keep: Stream | None) -> None:
    """Drop this tool's slots in this database but ``keep``'s, so that no WAL is held for a stream that is over."""
    cursor = await connection.execute(_OUR_SLOTS)
    for name, active_pid in await cursor.fetchall():
        if keep is not None and name == keep.name:
            continue
        try:
            if active_pid is not None:
                await connection.execute("select pg_terminate_backend(%s, 2000)", [active_pid])
            await connection.execute("select pg_drop_replication_slot(%s)", [name])
        except psycopg.errors.ObjectInUse as error:
            raise Unavailable(
                f"slot {name} is still in use by process {active_pid}; is another migrator running?"
            ) from error
