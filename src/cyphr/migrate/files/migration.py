"""The migration of files as the conductor drives it."""

import asyncio
from dataclasses import asdict
from typing import Any

from cyphr.foundation.postgres import Side
from cyphr.migrate.authority import read_epoch, read_side
from cyphr.migrate.files.copy import copy_objects
from cyphr.migrate.files.follow import follow_objects
from cyphr.migrate.files.handover import hand_over_objects
from cyphr.migrate.files.places import FilesPlaces
from cyphr.migrate.files.progress import FilesProgress
from cyphr.migrate.files.synchronisation import Synchronisation
from cyphr.migrate.files.verify import verify_objects
from cyphr.migrate.service import HandoverTiming, Verification

_PAUSE_SECONDS = 1.0


class FilesMigration:
    """The four rooms of files. Every call may be repeated, also after a crash in the middle of it."""

    name = "files"

    def __init__(self, places: FilesPlaces) -> None:
        self._places = places
        self._synchronisation = Synchronisation(places)
        self._one_at_a_time = asyncio.Lock()
        self._progress = FilesProgress()

    async def prepare(self) -> None:
        """Make the journal, and give the switchboard its row. A handover that was interrupted has changed nothing."""
        await self.side()
        async with self._one_at_a_time, self._synchronisation:
            pass

    async def side(self) -> Side:
        """Where files stand."""
        return await read_side(self._places.authority, self.name)

    async def copy(self) -> None:
        """Bring over every object of the side that has the authority."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            await copy_objects(synchronisation, await self.side(), self._progress)

    async def follow(self) -> None:
        """Bring over what changes, in whichever direction, until cancelled."""
        while True:
            await self.follow_once()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def follow_once(self) -> int:
        """One round of following; how many objects there were."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            changes = await follow_objects(synchronisation, await self.side())
        self._progress.changes_followed += changes
        return changes

    async def verify(self) -> Verification:
        """Compare every object of both sides. ``notes`` lists orphans."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await verify_objects(synchronisation, await self.side())

    async def epoch(self) -> int:
        """How often files have moved, as the switchboard counts."""
        return await read_epoch(self._places.authority, self.name)

    async def make_ready(self, to: Side) -> list[str]:  # noqa: ARG002 - the same question is asked of every service
        """Nothing can be told before objects are compared."""
        return []

    async def handover(self, to: Side) -> HandoverTiming:
        """Move the authority over files to ``to``: a handover, or a handback. Raises HandoverRefused."""
        async with self._one_at_a_time, self._synchronisation as synchronisation:
            return await hand_over_objects(self._places, synchronisation, to)

    async def close(self) -> list[str]:
        """Nothing of this tool's is on Supabase: that following has ended is all there is to closing."""
        return []

    async def give_up(self) -> None:
        """Nothing of this tool's is on Supabase; what was copied to AWS stays there."""

    async def progress(self) -> dict[str, Any]:
        """Objects and bytes copied of how many, and changes followed since."""
        return asdict(self._progress)
