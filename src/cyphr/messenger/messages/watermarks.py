"""How far members have got, raised for many people in one transaction."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from cyphr.foundation.postgres import bigint_array, uuid_array
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.lanes import Lane
from cyphr.messenger.messages.models import Watermark
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode

_queries = load_queries(__package__)


@dataclass(slots=True)
class Moved:
    """A member's watermarks after they rose, as ``advance_watermarks`` gives them.

    ``told_ids``: who hears of it; None: the same as for the chat's first.

    ``blind_ids``: the members who are not shown what was read.
    """

    user_id: UUID
    chat_id: UUID
    received_seq: int
    read_seq: int
    told_ids: list[UUID] | None
    blind_ids: list[UUID] | None


@dataclass(slots=True)
class _Raising:
    """What one connection wants raised."""

    user_id: UUID
    watermarks: list[Watermark]
    connection: UUID | None
    outcome: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Watermarks:
    """Raises watermarks and tells the members."""

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._lane = Lane(self._raise)

    def start(
        self, user_id: UUID, watermarks: Iterable[Watermark], *, connection: UUID | None = None
    ) -> asyncio.Future[None]:
        """Begin to raise this person's watermarks; the members of each chat where they move are told (not
        ``connection``). The future ends when they were, and has what went wrong.
        """
        raising = _Raising(user_id, list(watermarks), connection)
        self._lane.add(raising)
        return raising.outcome

    async def _raise(self, batch: list[_Raising]) -> None:
        try:
            moved = await self._move(batch)
            heard_from = {(one.user_id, mark.chat_id): one.connection for one in batch for mark in one.watermarks}
            await self._tell(moved, heard_from)
        except Exception as error:
            for one in batch:
                if not one.outcome.done():
                    one.outcome.set_exception(error)
            return
        for one in batch:
            if not one.outcome.done():
                one.outcome.set_result(None)

    async def _move(self, batch: list[_Raising]) -> list[Moved]:
        wanted: dict[tuple[UUID, UUID], Watermark] = {}
        for one in batch:
            for mark in one.watermarks:
                held = wanted.setdefault((one.user_id, mark.chat_id), mark)
                held.received_seq = max(held.received_seq, mark.received_seq)
                held.read_seq = max(held.read_seq, mark.read_seq)
        rows = await self._switchboard.call(
            _queries.advance_watermarks,
            user_ids=uuid_array(user_id for user_id, _ in wanted),
            chat_ids=uuid_array(chat_id for _, chat_id in wanted),
            received=bigint_array(mark.received_seq for mark in wanted.values()),
            read=bigint_array(mark.read_seq for mark in wanted.values()),
        )
        return [Moved(*row) for row in rows]

    async def _tell(self, moved: list[Moved], heard_from: dict[tuple[UUID, UUID], UUID | None]) -> None:
        firsts: dict[UUID, list[UUID]] = {}
        for one in moved:
            told = one.told_ids if one.told_ids is not None else firsts[one.chat_id]
            firsts.setdefault(one.chat_id, told)
            connection = heard_from.get((one.user_id, one.chat_id))
            if not one.blind_ids:
                await self._postman.deliver(told, _receipt(one, one.read_seq), except_for=connection)
                continue
            blind = set(told).intersection(one.blind_ids)
            await self._postman.deliver(set(told) - blind, _receipt(one, one.read_seq), except_for=connection)
            await self._postman.deliver(blind, _receipt(one, 0), except_for=connection)


def _receipt(moved: Moved, read_seq: int) -> Event:
    d = {"user_id": moved.user_id, "received_seq": moved.received_seq, "read_seq": read_seq}
    return Event(EventKind.RECEIPT, moved.chat_id, encode("receipt", moved.chat_id, d=d), about=moved.user_id)
