"""Make one side's objects what the other side's are: the work that copy, follow and handover share.

Both stores are listed and compared with the journal. That needs no trust in anybody's ``updated_at``, sees deletions,
and is the same in both directions.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from cyphr.foundation.errors import InvalidInput, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import load_queries, read_sql
from cyphr.migrate.files.places import FilesPlaces
from cyphr.migrate.files.progress import FilesProgress
from cyphr.migrate.files.store import Content, ObjectChanged, Store, StoredObject

T = TypeVar("T")

queries = load_queries(__package__)


class Synchronisation:
    """Both stores, the journal and the Supabase database. ``async with`` opens and closes the connections."""

    def __init__(self, places: FilesPlaces) -> None:
        self._places = places
        self._stores = {
            Side.SUPABASE: Store(places.supabase_store, None),
            Side.AWS: Store(
                places.aws_store,
                places.aws_bucket,
                implied=f"{places.supabase_bucket}/" if places.supabase_bucket else "",
            ),
        }

    async def __aenter__(self) -> "Synchronisation":
        self._threads = ThreadPoolExecutor(self._places.parallel, thread_name_prefix="files")
        self.journal: AsyncConnection = await connect(self._places.journal)
        self.storage: AsyncConnection = await connect(self._places.storage)
        await self.journal.execute(read_sql(__package__, "journal.sql"))
        rows = await (await self.storage.execute(queries.list_buckets)).fetchall()
        self.buckets = [row[0] for row in rows if self._places.supabase_bucket in (None, row[0])]
        if not self.buckets:
            raise InvalidInput(f"Supabase has no bucket {self._places.supabase_bucket or 'at all'}; check the settings")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close()
        await self.storage.close()
        await asyncio.to_thread(self._threads.shutdown)

    async def run(self, source: Side, progress: FilesProgress | None = None) -> int:
        """Bring the other side up to date with ``source``; how many objects were copied or deleted.

        An object of the other side that never came from here is left alone. Raises Unavailable when a store fails.
        """
        here, there, journal = await self._look(source)
        changed = [
            one
            for key, one in here.items()
            # Without a Supabase bucket for it, an object has no place there; verification says so.
            if journal.get(key) != (one.version, _version(there, key)) and one.place["bucket_id"] in self.buckets
        ]
        gone = [one for key, one in there.items() if key not in here and key in journal]
        unknown_to_both = [key for key in journal if key not in here and key not in there]
        for batch in _batches(changed, self._places.parallel * 4):
            copied = await all_of(self._copy(source, one) for one in batch)
            if progress is not None:
                progress.objects_copied += len(batch)
                progress.bytes_copied += sum(copied)
        for one in gone:
            await self._delete(source.other, one)
        await self.forget(unknown_to_both)
        return len(changed) + len(gone)

    async def bring_stragglers(self, source: Side) -> int:
        """Copy what ``source`` has and neither the other side nor the journal knows: put there by a late writer."""
        here, there, journal = await self._look(source)
        late = [one for key, one in here.items() if key not in there and key not in journal]
        for batch in _batches(late, self._places.parallel * 4):
            await all_of(self._copy(source, one) for one in batch)
        return len(late)

    async def forget(self, keys: Iterable[str]) -> None:
        """Strike objects from the journal, so that the next round copies them again."""
        for key in keys:
            await self.journal.execute(queries.forget_copy, StoredObject(key, "", 0).place)

    async def list_side(self, side: Side) -> dict[str, StoredObject]:
        """Every object of one side, by key."""
        objects: dict[str, StoredObject] = await self._in_thread(self._stores[side].list_objects, self.buckets)
        return objects

    async def read_object(self, side: Side, key: str) -> Content | None:
        """An object's content as ``side`` has it; None when it is not there."""
        try:
            content: Content = await self._in_thread(self._stores[side].read, key)
        except ObjectChanged:
            return None
        return content

    async def _look(
        self, source: Side
    ) -> tuple[dict[str, StoredObject], dict[str, StoredObject], dict[str, tuple[str, str | None]]]:
        here, there = await asyncio.gather(self.list_side(source), self.list_side(source.other))
        rows = await (await self.journal.execute(queries.read_journal)).fetchall()
        if source is Side.SUPABASE:
            return here, there, {key: (supabase, aws) for key, supabase, aws in rows}
        return here, there, {key: (aws, supabase) for key, supabase, aws in rows}

    async def _copy(self, source: Side, one: StoredObject) -> int:
        target = self._stores[source.other]
        try:
            content: Content = await self._in_thread(self._stores[source].copy_to, target, one)
            arrived: StoredObject = await self._in_thread(target.describe, one.key)
        except ObjectChanged:
            return 0  # the next round sees it as it is then
        if source.other is Side.SUPABASE:
            await self.storage.execute(queries.record_object, one.place | _row(content, arrived))
        versions = {f"{source}_version": one.version, f"{source.other}_version": arrived.version}
        await self.journal.execute(
            queries.record_copy, one.place | versions | {"size": content.size, "sha256": content.sha256}
        )
        return content.size

    async def _delete(self, side: Side, one: StoredObject) -> None:
        await self._in_thread(self._stores[side].delete, one.key)
        if side is Side.SUPABASE:
            await self.storage.execute(queries.remove_object_row, one.place)
        await self.journal.execute(queries.forget_copy, one.place)

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"a store of files failed: {error}; run this again") from error


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run everything at once and wait for all of it, also when a part fails; then raise what failed first."""
    results = await asyncio.gather(*work, return_exceptions=True)
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


def _version(objects: dict[str, StoredObject], key: str) -> str | None:
    return objects[key].version if key in objects else None


def _row(content: Content, arrived: StoredObject) -> dict[str, Any]:
    attributes = content.attributes
    metadata = {
        "size": content.size,
        "mimetype": attributes.get("ContentType", "application/octet-stream"),
        "eTag": arrived.version.split(" ")[0],
        "cacheControl": attributes.get("CacheControl", "no-cache"),
    }
    return {"metadata": Jsonb(metadata), "user_metadata": Jsonb(attributes.get("Metadata") or {})}


def _batches(objects: list[StoredObject], size: int) -> Iterable[list[StoredObject]]:
    return (objects[start : start + size] for start in range(0, len(objects), size))
