"""The same point of the stream on both sides: what both databases held at one moment of the sender's history."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex

from psycopg import AsyncConnection, sql

from cyphr.foundation.cancellation import together
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.follow.applier import Applier
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.streams import Stream
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.calibration import tables_to_compare_as_text
from cyphr.migrate.database.verify.view import View, prepare_to_verify, read_shapes

_LOCK_SECONDS = 2
"""So long a comparison waits for a table that somebody wants for themselves: who wants it may wait for the comparison,
which another of its connections has read the table for, and no server sees that circle.
"""
_WRITERS_SECONDS = 30.0
_WRITERS_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Point:
    """Both databases at one point, and what was touched before it."""

    source: View
    target: View
    touched: Touched


@asynccontextmanager
async def same_point(
    databases: Mapping[Side, PostgresSettings], applier: Applier, stream: Stream, touched: Touched, workers: int
) -> AsyncIterator[Point]:
    """Show both databases at a point that lies just ahead, to ``workers`` connections each, for as long as needed.

    What was ``touched`` up to the point is taken, and put back when the block fails. Raises Unavailable when no point
    can be reached in time.
    """
    async with AsyncExitStack() as stack:
        source = await _open(stack, databases[stream.sender], workers)
        target = await _open(stack, databases[stream.destination], workers)
        taken = Touched()

        async def look() -> None:
            await target.execute("begin transaction isolation level repeatable read, read only")
            await target.execute("select 1 from cyphr.switchboard")  # the first query takes the snapshot
            taken.add(touched.take())

        await reach(databases[stream.sender], source, applier, stream, look)
        try:
            # Read after the point, so that what it shows is whole in them.
            our_shapes, their_shapes = await together((read_shapes(source), read_shapes(target)))
            as_text = await tables_to_compare_as_text(source, target, our_shapes)
            ours = [source, *await _share(stack, databases[stream.sender], source, workers)]
            theirs = [target, *await _share(stack, databases[stream.destination], target, workers)]
            yield Point(View(ours, our_shapes, as_text), View(theirs, their_shapes, as_text), taken)
        except BaseException:
            touched.add(taken)
            raise


async def reach(
    sender: PostgresSettings,
    source: AsyncConnection,
    applier: Applier,
    stream: Stream,
    action: Callable[[], Awaitable[None]],
) -> None:
    """Choose a point ahead, make ``source`` show it, and run ``action`` when exactly what precedes it is applied.

    However much has to be applied until then. The applier goes on when ``action`` has returned. Raises what ``action``
    raised, or Unavailable when the point cannot be reached; then ``action`` will not run.
    """
    meeting = _Meeting(action)
    try:
        await _choose(sender, source, applier, stream, meeting)
        async with await connect(sender) as nudge:  # something must pass the point if nobody writes
            await nudge.execute("set synchronous_commit = on")
            await nudge.execute("select pg_logical_emit_message(true, 'cyphr', '{}')")
        await applier.wait_for(meeting.begun)
    except BaseException:
        meeting.missed = True
        raise
    await meeting.over.wait()
    if meeting.trouble is not None:
        raise meeting.trouble


async def _choose(
    sender: PostgresSettings, source: AsyncConnection, applier: Applier, stream: Stream, meeting: "_Meeting"
) -> None:
    """Make ``source`` show a point that lies ahead of what is applied, and have the applier come to ``meeting`` there.

    The applier rests while the point is chosen: what it does at the moment is waited for, it is not made to wait.
    """
    try:
        async with asyncio.timeout(_WRITERS_SECONDS):
            await _wait_for_writers(source)
        async with ReplicationConnection.open(sender) as replication, applier.held():
            async with asyncio.timeout(_WRITERS_SECONDS):
                point = await replication.create_temporary_slot(f"{stream.name}_verify_{token_hex(4)}")
            await source.execute("begin transaction isolation level repeatable read, read only")
            await source.execute(sql.SQL("set transaction snapshot {}").format(point.snapshot))
            applier.at(point.lsn, meeting.attend)
        # From here on the snapshot lives in ``source``; the slot is gone and holds no WAL back.
    except TimeoutError as error:
        raise Unavailable(
            f"no point to compare both sides at could be chosen in {_WRITERS_SECONDS:.0f} s; is a long transaction "
            "running on the sending side?"
        ) from error


class _Meeting:
    """The applier runs ``action`` when it comes to the point, unless nobody waits for it any more."""

    def __init__(self, action: Callable[[], Awaitable[None]]) -> None:
        self._action = action
        self.missed = False
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.trouble: BaseException | None = None

    async def attend(self) -> None:
        if self.missed:
            return
        self.begun.set()
        try:
            await self._action()
        except Exception as error:
            self.trouble = error  # of who asked, not of the stream
        except BaseException:
            self.trouble = Unavailable("following stopped while both sides were brought to one point; ask again")
            raise
        finally:
            self.over.set()


async def _wait_for_writers(source: AsyncConnection) -> None:
    """Let everything that writes now end, because a slot waits for it, and the applier must rest for the slot."""
    cursor = await source.execute("select pg_snapshot_xmax(pg_current_snapshot())::text")
    row = await cursor.fetchone()
    assert row is not None
    while True:
        cursor = await source.execute("select pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8", [row[0]])
        if await cursor.fetchone() == (True,):
            return
        await asyncio.sleep(_WRITERS_PAUSE_SECONDS)


async def _open(stack: AsyncExitStack, database: PostgresSettings, processes: int) -> AsyncConnection:
    connection = await stack.enter_async_context(await connect(database))
    await prepare_to_verify(connection, processes=processes, lock_seconds=_LOCK_SECONDS)
    return connection


async def _share(
    stack: AsyncExitStack, database: PostgresSettings, first: AsyncConnection, workers: int
) -> list[AsyncConnection]:
    """Further connections that show what ``first`` shows, so that there are ``workers``."""
    cursor = await first.execute("select pg_export_snapshot()")
    row = await cursor.fetchone()
    assert row is not None
    others = []
    for _ in range(workers - 1):
        connection = await _open(stack, database, workers)
        await connection.execute("begin transaction isolation level repeatable read, read only")
        await connection.execute(sql.SQL("set transaction snapshot {}").format(row[0]))
        others.append(connection)
    return others
