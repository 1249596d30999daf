"""Keeps the receiving side up with the sending one, whichever way round, for as long as the migrator runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.cancellation import end
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import CyphrError, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import schema, streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy.points import read_copied
from cyphr.migrate.database.follow.applier import Applier, Progress
from cyphr.migrate.database.follow.schema_watch import SchemaWatch
from cyphr.migrate.database.follow.sender import LagMeter, current_lsn, fetch_row
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.handover import seats
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.handover.turn import Turn
from cyphr.migrate.database.streams import PUBLICATION, Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.wire import SESSION_OPTIONS

_logger = logging.getLogger(__name__)

_APPLIER_LOCK = 0x6379706872_01
_RECONNECT_SECONDS = 0.2
_UNMOVED_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.05


@dataclass
class FollowProgress:
    """What following has done so far, for people and machines."""

    changes_applied: int = 0
    transactions_applied: int = 0
    changes_per_second: float = 0.0
    lag_bytes: int = 0
    lag_seconds: float = 0.0
    last_error: str | None = None
    busy_with: str | None = None
    """What following waits for, while changes are not applied."""

    def __post_init__(self) -> None:
        self._counted_at = 0.0

    def count(self, applied: Progress) -> None:
        """Take over what the applier has done; the rate is that since the last call."""
        now = monotonic()
        if self._counted_at and now > self._counted_at:
            self.changes_per_second = max(applied.changes - self.changes_applied, 0) / (now - self._counted_at)
        self.changes_applied, self.transactions_applied = applied.changes, applied.transactions
        self._counted_at = now


class _NewTables(Exception):
    """Both sides have tables that are not followed: they are to be copied before following goes on."""


class Follower:
    """Applies the stream of whichever of ``databases`` has the authority.

    ``complete_schema`` is awaited when the stream has passed every point that was copied at, and while it answers False
    again further down; ``copy_new`` when both sides have a table that is not followed yet.
    """

    def __init__(
        self,
        databases: Mapping[Side, PostgresSettings],
        turn: Turn,
        touched: Touched,
        complete_schema: Callable[[], Awaitable[bool]],
        copy_new: Callable[[Seat], Awaitable[None]],
    ) -> None:
        self._databases = databases
        self._turn = turn
        self._touched = touched
        self._complete_schema = complete_schema
        self._copy_new = copy_new
        self._watch = SchemaWatch()
        self._applier: Applier | None = None
        self._sender: AsyncConnection | None = None
        self._lag = LagMeter()
        self._progress = FollowProgress()
        self._connecting = False
        self._goes_well_from = 0
        self.stream: Stream | None = None
        """What is, or was last, followed."""
        self.tables: list[Table] = []
        """The tables that are followed, as the sending side has them."""

    async def run(self) -> None:
        """Follow until cancelled. Connections that break are made again. Raises ApplyConflict, Conflict."""
        while True:
            self._connecting = True
            try:
                ended_at = await self._apply()
            except (Unavailable, psycopg.OperationalError) as error:
                self._connecting = False
                _logger.warning("following begins anew: %s", str(error).strip())
                self.say(str(error).strip())
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            except _NewTables:
                with self._busy("copying tables that are new"):
                    await self._copy_new(await self._holder())
                continue
            except CyphrError as error:
                self.say(error.message)
                raise
            finally:
                self._connecting = False
            await self._turn.rest_at(ended_at)

    async def _apply(self) -> int | None:
        """Apply the stream of whoever has the authority, until its mark when a handover set one; that mark's epoch."""
        stream = await self._current_stream()
        receiver, sender = self._databases[stream.destination], self._databases[stream.sender]
        async with (
            await connect(receiver, options=SESSION_OPTIONS) as connection,
            await connect(sender, options=SESSION_OPTIONS) as other,
        ):
            await _lock_applier(connection)
            await streams.demand_slot(other, stream)
            await streams.drop_other_slots(other, stream)
            await streams.drop_other_slots(connection, self._turn.reverse)
            self.tables = await read_tables(other)
            applier = await self._make_applier(connection, other, stream)
            lsn = await applier.prepare()
            # What stopped following is past when something was applied, or everything that there was by now.
            self._goes_well_from = await current_lsn(other)
            async with ReplicationConnection.open(sender) as source:
                await source.start(stream.name, PUBLICATION, lsn)
                self._applier, self._sender = applier, other
                applying = asyncio.create_task(applier.run(source), name="apply")
                watching = asyncio.create_task(self._watch_schema(stream), name="watch the schema")
                try:
                    await asyncio.wait({applying, watching}, return_when=asyncio.FIRST_COMPLETED)
                    if watching.done():
                        watching.result()
                        raise _NewTables
                    return applying.result()
                finally:
                    self._applier = self._sender = None
                    await end(applying, watching)

    async def _watch_schema(self, stream: Stream) -> None:
        """Return when both sides have a table that is not followed. Raises ApplyConflict when the sender's schema was
        changed, and the receiver's was not.
        """
        sender, receiver = self._databases[stream.sender], self._databases[stream.destination]
        async with await connect(sender) as theirs, await connect(receiver) as ours:
            while stream.destination is Side.AWS and "references" not in await schema.finished_steps(ours):
                await asyncio.sleep(_RECONNECT_SECONDS)
            while True:
                new = set(await self._watch.watch(theirs, ours))
                here = {table.title for table in await read_tables(ours)}
                if self._turn.end_epoch is None and new <= here:
                    return
                await asyncio.sleep(_UNMOVED_SECONDS)

    async def _current_stream(self) -> Stream:
        # While a handover is under way neither side has the authority, and the stream that was must go on to its mark.
        if self._turn.end_epoch is None or self.stream is None:
            before = self.stream
            seat = await self._holder()
            async with await connect(self._databases[seat.side]) as writer:
                self.stream = await streams.current_stream(writer, seat)
            if self.stream != before:
                self._watch.forget()
        return self.stream

    async def _holder(self) -> Seat:
        return seats.find_holder(await seats.read_seats(self._databases))

    async def _make_applier(self, connection: AsyncConnection, other: AsyncConnection, stream: Stream) -> Applier:
        copied = await read_copied(connection)
        if any(points.is_planned for points in copied.values()):
            raise _NewTables  # a copy of them was cut short
        keys = {(table.schema, table.name): table.key for table in self.tables}
        # A row is found by the key that is sent; on the receiving side its index may not have its own name yet.
        receiving = [
            replace(table, key=keys.get((table.schema, table.name), table.key))
            for table in await read_tables(connection)
        ]
        applier = Applier(connection, stream.name, receiving, copied, self._touched, partial(fetch_row, other))
        if self._turn.end_epoch is not None:
            applier.end_at(self._turn.end_epoch)
        if stream.destination is Side.AWS and copied and "references" not in await schema.finished_steps(connection):
            applier.at(max(points.newest for points in copied.values()), partial(self._complete, applier, other))
        return applier

    async def _complete(self, applier: Applier, other: AsyncConnection) -> None:
        with self._busy("building what is left of the schema: indexes, triggers, foreign keys"):
            if not await self._complete_schema():
                applier.at(await current_lsn(other), partial(self._complete, applier, other))

    @contextmanager
    def _busy(self, words: str) -> Iterator[None]:
        self._progress.busy_with = words
        try:
            yield
        finally:
            self._progress.busy_with = None

    async def at_work(self) -> tuple[Applier, Stream]:
        """The applier and its stream; waits for one that is being connected, and a little for one that failed.

        Raises Unavailable.
        """
        given_up_at = monotonic() + _PATIENCE_SECONDS
        while self._applier is None or self.stream is None:
            if monotonic() > given_up_at and not self._connecting and self._progress.busy_with is None:
                error = self._progress.last_error or "start the migrator"
                raise Unavailable(f"nothing is followed at the moment; {error}")
            await asyncio.sleep(_LOOK_SECONDS)
        return self._applier, self.stream

    async def applier(self) -> Applier:
        """The applier at work. Raises Unavailable."""
        return (await self.at_work())[0]

    def say(self, words: str) -> None:
        """Tell the operator what keeps this from going on."""
        self._progress.last_error = words

    async def progress(self) -> dict[str, Any]:
        """Changes applied, and how far the receiver is behind: bytes of WAL, and seconds."""
        applier = self._applier
        if applier is not None and self._sender is not None:
            lag = await self._lag.measure(self._sender, applier.progress.lsn)
            self._progress.lag_bytes, self._progress.lag_seconds = lag
            self._progress.count(applier.progress)
            if applier.progress.transactions or applier.progress.lsn >= self._goes_well_from:
                self._progress.last_error = None
        return asdict(self._progress)


async def _lock_applier(connection: AsyncConnection) -> None:
    """One applier per receiving database. A killed one's session may take a moment to end."""
    for _ in range(50):
        cursor = await connection.execute("select pg_try_advisory_lock(%s)", [_APPLIER_LOCK])
        row = await cursor.fetchone()
        if row is not None and row[0]:
            return
        await asyncio.sleep(0.1)
    raise Unavailable("another migrator is applying changes to this database; stop it first")
