"""The same point of the stream on both sides: what both databases held at one moment of the sender's history."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.tables import prepare_to_verify

_SECONDS = 30.0


@dataclass(frozen=True)
class Point:
    """Two connections whose transactions show both databases at one point, and what was touched before it."""

    source: AsyncConnection
    target: AsyncConnection
    touched: Touched


@asynccontextmanager
async def same_point(
    databases: Mapping[Side, PostgresSettings], applier: Applier, stream: Stream, touched: Touched
) -> AsyncIterator[Point]:
    """Show both databases at a point that lies just ahead. Raises Unavailable when none can be reached in time.

    What was ``touched`` up to the point is taken, and put back when the block fails.
    """
    sender = databases[stream.sender]
    reached = asyncio.Event()
    taken = Touched()
    async with (
        ReplicationConnection.open(sender) as replication,
        await connect(sender) as source,
        await connect(databases[stream.destination]) as target,
    ):
        await prepare_to_verify(source)
        await prepare_to_verify(target)

        async def look() -> None:
            await target.execute("begin transaction isolation level repeatable read, read only")
            await target.execute("select 1 from cyphr.switchboard")  # the first query takes the snapshot
            taken.add(touched.take())
            reached.set()

        try:
            async with asyncio.timeout(_SECONDS):
                async with applier.held():  # the point must lie ahead of what is applied
                    point = await replication.create_slot(f"{stream.name}_verify_{token_hex(4)}", temporary=True)
                    applier.at(point.lsn, look)
                await source.execute("begin transaction isolation level repeatable read, read only")
                await source.execute(sql.SQL("set transaction snapshot {}").format(point.snapshot))
                async with await connect(sender) as nudge:  # something must pass the point if nobody writes
                    await nudge.execute("set synchronous_commit = on")
                    await nudge.execute("select pg_logical_emit_message(true, 'cyphr', '{}')")
                await reached.wait()
        except TimeoutError as error:
            raise Unavailable(
                "no point to compare both sides at could be reached in time; is a long transaction running?"
            ) from error
        try:
            yield Point(source, target, taken)
        except BaseException:
            touched.add(taken)
            raise
