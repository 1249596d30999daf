"""The database's migration: the four rooms, in their order, for the conductor."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import schema, streams
from cyphr.migrate.database.copy.back import copy_back
from cyphr.migrate.database.copy.copier import Copier, CopyOptions
from cyphr.migrate.database.follow.follower import Follower
from cyphr.migrate.database.handover import closing, seats
from cyphr.migrate.database.handover.move import Following, Handover
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.handover.turn import Turn
from cyphr.migrate.database.platform_rows import PlatformRows
from cyphr.migrate.database.touched import Touched
from cyphr.migrate.database.verify.verifier import Verifier
from cyphr.migrate.hooks.settings import HandoverSettings
from cyphr.migrate.service import HandoverTiming, Verification

_COPY_RETRY_SECONDS = 1.0


class DatabaseMigration:
    """Moves one database from Supabase to AWS and back. One instance per process; the conductor calls it."""

    name = "database"

    def __init__(
        self,
        databases: Mapping[Side, PostgresSettings],
        programs: Path,
        *,
        copy_options: CopyOptions | None = None,
        rules: HandoverSettings | None = None,
    ) -> None:
        self._databases = databases
        self._likely = Side.SUPABASE
        self._options = options = copy_options or CopyOptions()
        touched, turn = Touched(), Turn()
        supabase, aws = databases[Side.SUPABASE], databases[Side.AWS]
        self._platform_rows = PlatformRows(supabase, aws)
        self._copier = Copier(supabase, aws, programs, options, self._platform_rows)
        self._follower = Follower(databases, turn, touched, self._copier.complete_schema, self._copy_new)
        self._verifier = Verifier(databases, self._follower.at_work, touched, options.workers)
        following = Following(
            self._follower.applier, self._compare_at_rest, self._bring_platform_rows, self._follower.say
        )
        self._handover = Handover(databases, rules or HandoverSettings(), turn, following)

    async def prepare(self) -> None:
        """Create this tool's tables on both sides and settle a handover that was interrupted. Idempotent."""
        for side in Side:
            async with await connect(self._databases[side]) as connection:
                await closing.install_and_remember(connection)
                await streams.install_streams(connection)
                await connection.execute(
                    "insert into cyphr.switchboard (service, side) values ('database', 'supabase')"
                    " on conflict do nothing"
                )
        await self._handover.settle_interrupted()

    async def seat(self) -> Seat:
        """Which side has the authority. Raises Unavailable while neither has: a handover is under way."""
        return seats.find_holder(await seats.read_seats(self._databases))

    async def side(self) -> Side:
        """Where the database stands. While a handover is under way: where it comes from."""
        try:
            return (await self.seat()).side
        except Unavailable:
            if self._follower.stream is None:
                raise
            return self._follower.stream.sender

    async def authority(self) -> AsyncConnection:
        """An owner's connection to the database that has the authority. Where it was last is looked first."""
        for side in (self._likely, self._likely.other):
            connection = await connect(self._databases[side])
            try:
                stands_here = (await seats.read_seat(connection)).side is side
            except BaseException:
                await connection.close()
                raise
            if stands_here:
                self._likely = side
                return connection
            await connection.close()
        return await connect(self._databases[await self.side()])

    async def copy(self) -> None:
        """Bring schema and rows over; what is done already is left out.

        Goes on by itself when a server goes away in the middle of it. Raises PreflightFailed before any change.
        """
        seat = await self.seat()
        while seat.side is Side.SUPABASE:
            try:
                await self._copier.run(seat)
            except (Unavailable, psycopg.OperationalError) as error:
                if not self._copier.begun:
                    raise
                self._follower.say(str(error).strip())
                await asyncio.sleep(_COPY_RETRY_SECONDS)
            else:
                break

    async def _copy_new(self, seat: Seat) -> None:
        if seat.side is Side.SUPABASE:
            await self._copier.run(seat)
        else:
            await copy_back(self._databases, seat, self._options)

    async def follow(self) -> None:
        """Keep the receiving side up with the sending one, whichever way round, until cancelled.

        Connections that break are made again. Raises ApplyConflict when a change does not fit.
        """
        work = (self._follower.run(), self._platform_rows.follow(), self._handover.spare_writers())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await ended.pop()  # none ends but by an error
        finally:
            await end(*tasks)

    async def progress(self) -> dict[str, Any]:
        """Rows and bytes copied, changes applied, and how far the receiver is behind: bytes of WAL, seconds."""
        followed = await self._follower.progress()
        if followed["transactions_applied"] and not self._copier.progress.rows_copied:  # another process copied them
            async with await connect(self._databases[Side.AWS]) as target:
                await self._copier.read_progress(target)
        return asdict(self._copier.progress) | followed

    async def verify(self) -> Verification:
        """Compare every row of both databases at one point of the stream, while it flows."""
        await self._follower.at_work()  # which knows the tables
        found = await self._verifier.verify(self._follower.tables)
        people = await self._platform_rows.compare()
        if people.differences:
            self._verifier.forget()
        return replace(
            found, checked=found.checked + people.checked, differences=found.differences + people.differences
        )

    async def repair(self, limit: int) -> Verification:
        """Make at most ``limit`` differing rows of the receiving side what they are on the sending side; compare again.

        Raises VerificationFailed, with nothing changed, when more rows differ.
        """
        await self._follower.at_work()
        return await self._verifier.repair(self._follower.tables, limit)

    async def epoch(self) -> int:
        """The epoch in which the authority is where it is. Raises Unavailable while a handover is under way."""
        return (await self.seat()).epoch

    async def make_ready(self, to: Side) -> list[str]:
        """Refuse early what is bound to fail; which long transactions were ended. Raises HandoverRefused."""
        return await self._handover.make_ready(to)

    async def close(self) -> list[str]:
        """End the way back, once the database stands on AWS for good. Following must have ended."""
        await self._platform_rows.remove()
        await self._platform_rows.forget_secrets()
        await closing.close_databases(self._databases)
        return []

    async def give_up(self) -> None:
        """Take everything of this tool away from the source. Following must have ended."""
        await self._platform_rows.remove()
        await closing.give_up_source(self._databases[Side.SUPABASE])

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority to ``to``. Raises HandoverRefused or VerificationFailed; then nothing has changed."""
        if (await self.seat()).side is to:
            raise HandoverRefused(f"the database stands on {to} already")
        if not self._verifier.equal:
            raise HandoverRefused("the two databases have not been compared since the migrator started; run verify")
        await self._verifier.verify_touched(self._follower.tables)
        async with await connect(self._databases[to.other]) as old, await connect(self._databases[to]) as new:
            await schema.refresh_views(old, new)
        return await self._handover.move(to)

    async def _compare_at_rest(self, old: AsyncConnection, new: AsyncConnection) -> list[str]:
        return await self._verifier.verify_at_rest(old, new, self._follower.tables)

    async def _bring_platform_rows(self, connections: Mapping[Side, AsyncConnection]) -> None:
        await self._platform_rows.drain_between(connections[Side.SUPABASE], connections[Side.AWS])
