"""Public pictures, put where the service ``files`` stands."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from uuid import UUID

from cyphr.foundation.errors import InvalidInput, NotFound, Unavailable
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Side, Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.files.store import FileStore
from cyphr.messenger.people.models import Person

T = TypeVar("T")

Record = Callable[[Transaction], Awaitable[str]]
"""Writes down, in the transaction of the row that will show a picture, that it exists; its address."""

_queries = load_queries(__package__)

LARGEST_AVATAR = 1024 * 1024
_ATTEMPTS = 5


class _Moved(Exception):
    """Files stand on ``side`` now: the picture must be there before a row may show it."""

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.side = side


class Files:
    """Stores the pictures of people and groups. ``stores``: one for each side that this process was given."""

    def __init__(self, switchboard: Switchboard, stores: Mapping[Side, FileStore]) -> None:
        self._switchboard = switchboard
        self._stores = stores

    async def set_avatar(self, user_id: UUID, content: bytes) -> Person:
        """Store a PNG, JPEG or WebP of at most 1 MB and show it. Raises InvalidInput or Unavailable."""

        async def show(record: Record) -> Person:
            async def work(transaction: Transaction) -> Person:
                url = await record(transaction)
                person = await transaction.fetch_one(Person, _queries.set_avatar, url=url)
                if person is None:
                    raise NotFound("this account no longer exists")
                return person

            return await self._switchboard.unit_of_work(user_id, work)

        return await self.keep_picture(user_id, content, show)

    async def keep_picture(self, user_id: UUID, content: bytes, show: Callable[[Record], Awaitable[T]]) -> T:
        """Store a picture, and have ``show`` write its address into a row. Raises InvalidInput or Unavailable.

        The bytes go first, to the side that files stood on; the row follows in a transaction of ``show`` that holds the
        service there by calling what it is given. When it has moved in between, the bytes are put on the other side as
        well, and ``show`` runs again.
        """
        if len(content) > LARGEST_AVATAR:
            raise InvalidInput("the picture is larger than 1 MB")
        media_type, suffix = _recognise(content)
        name = f"{user_id}/{uuid7()}.{suffix}"
        side = await self._switchboard.unit_of_work(user_id, _hold)
        for _ in range(_ATTEMPTS):
            store = self._store(side)
            await store.put(name, content, media_type)

            async def record(transaction: Transaction, store: FileStore = store, put_on: Side = side) -> str:
                stands_on = await _hold(transaction)
                if stands_on is not put_on:
                    raise _Moved(stands_on)
                await store.record(transaction, name, len(content), media_type)
                return store.url(name)

            try:
                return await show(record)
            except _Moved as moved:
                side = moved.side
        raise Unavailable("files kept moving between the two sides; try again")

    def _store(self, side: Side) -> FileStore:
        try:
            return self._stores[side]
        except KeyError:
            raise Unavailable(
                f"files stand on {side}, for which this process has no bucket; set CYPHR_FILES_{side.upper()}_BUCKET"
                f" and CYPHR_FILES_{side.upper()}_URL"
            ) from None


async def _hold(transaction: Transaction) -> Side:
    side = await transaction.fetch_value(_queries.hold_service)
    # A database without a row for files has never been migrated: they stand where it stands.
    return Side(side) if side is not None else transaction.sides.get("database", Side.SUPABASE)


def _recognise(content: bytes) -> tuple[str, str]:
    """Media type and suffix by what the bytes are, not by what they are called."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", "jpg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", "webp"
    raise InvalidInput("the picture must be a PNG, JPEG or WebP")
