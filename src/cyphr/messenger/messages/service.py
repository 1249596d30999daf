"""The rules of messages."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID
from weakref import WeakValueDictionary

import psycopg

from cyphr.foundation.errors import InvalidInput, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.models import Ack, Message, NewMessage, Page, Watermark
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode

_queries = load_queries(__package__)

LONGEST_PAGE = 200
_END = 2**62
_REMEMBERED_CHATS = 10_000


@dataclass(frozen=True)
class Stored:
    """What the database says of a message it has stored."""

    message_id: UUID
    chat_id: UUID
    seq: int
    created_at: datetime
    repeated: bool
    member_ids: list[UUID]


@dataclass(frozen=True)
class Moved:
    """A member's watermarks after they rose."""

    chat_id: UUID
    received_seq: int
    read_seq: int
    member_ids: list[UUID]


@dataclass(frozen=True)
class Head:
    """A chat of a person and its last place."""

    chat_id: UUID
    last_seq: int
    visible_from_seq: int


class Messages:
    """Stores messages and tells the members."""

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._published: OrderedDict[UUID, int] = OrderedDict()

    async def send(
        self, sender_id: UUID, chat_id: UUID, message: NewMessage, *, connection: UUID | None = None
    ) -> tuple[Ack, bool]:
        """Store a message, tell the members (not ``connection``), and acknowledge; whether it was a repeat.

        A repeat of the client's id gives the first acknowledgement. Raises NotFound, InvalidInput or Unavailable; after
        Unavailable the same id may be sent again without being stored twice.
        """
        # One at a time for each chat: the database would make them wait for each other anyway, holding a connection
        # each; and so events leave in the order of their numbers.
        turn = self._turns.setdefault(chat_id, asyncio.Lock())
        async with turn:
            stored = await self._store(sender_id, chat_id, message)
            if not stored.repeated:
                await self._publish(_as_stored(sender_id, message, stored), stored.member_ids, connection)
            elif stored.seq > self._published.get(stored.chat_id, _END):
                # Stored by us, but the connection broke at commit and nobody was told.
                page = await self.read_history(sender_id, stored.chat_id, after=stored.seq - 1, limit=1)
                await self._publish(page.messages[0], stored.member_ids, connection)
        ack = Ack(
            id=message.id, message_id=stored.message_id, chat_id=stored.chat_id, seq=stored.seq, ts=stored.created_at
        )
        return ack, stored.repeated

    async def read_history(
        self, user_id: UUID, chat_id: UUID, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> Page:
        """Messages after or before a place, ascending; the newest when neither is given. Raises NotFound."""

        async def work(transaction: Transaction) -> list[Message]:
            query: LiteralString = _queries.history_before if after is None else _queries.history_after
            rows = await transaction.fetch_all(
                Message,
                query,
                chat_id=chat_id,
                after=after or 0,
                before=_END if before is None else before,
                limit=limit + 1,
            )
            if not rows and not await transaction.fetch_value(_queries.is_member, chat_id=chat_id):
                raise NotFound("there is no such chat among yours")
            return rows

        rows = await self._switchboard.unit_of_work(user_id, work)
        page = rows[:limit]
        return Page(messages=page if after is not None else page[::-1], more=len(rows) > limit)

    async def list_heads(self, user_id: UUID) -> list[Head]:
        """Every chat of this person with its last place."""

        async def work(transaction: Transaction) -> list[Head]:
            return await transaction.fetch_all(Head, _queries.list_heads, user_id=user_id)

        return await self._switchboard.unit_of_work(user_id, work)

    async def list_members(self, user_id: UUID, chat_id: UUID) -> frozenset[UUID]:
        """Who is in the chat. Raises NotFound for a stranger."""

        async def work(transaction: Transaction) -> frozenset[UUID]:
            cursor = await transaction.connection.execute(_queries.list_members, {"chat_id": chat_id})
            return frozenset(row[0] for row in await cursor.fetchall())

        members = await self._switchboard.unit_of_work(user_id, work)
        if user_id not in members:
            raise NotFound("there is no such chat among yours")
        return members

    async def advance(self, user_id: UUID, watermarks: Iterable[Watermark], *, connection: UUID | None = None) -> None:
        """Raise this person's watermarks, and tell the members of each chat where they moved."""
        wanted = list(watermarks)

        async def work(transaction: Transaction) -> list[Moved]:
            return await transaction.fetch_all(
                Moved,
                _queries.advance_watermarks,
                chat_ids=[watermark.chat_id for watermark in wanted],
                received=[watermark.received_seq for watermark in wanted],
                read=[watermark.read_seq for watermark in wanted],
            )

        for moved in await self._switchboard.unit_of_work(user_id, work):
            d = {"user_id": user_id, "received_seq": moved.received_seq, "read_seq": moved.read_seq}
            event = Event(EventKind.RECEIPT, moved.chat_id, encode("receipt", moved.chat_id, d=d), about=user_id)
            await self._postman.deliver(moved.member_ids, event, except_for=connection)

    async def _store(self, sender_id: UUID, chat_id: UUID, message: NewMessage) -> Stored:
        message_id = uuid7()

        async def work(transaction: Transaction) -> Stored | None:
            return await transaction.fetch_one(
                Stored,
                _queries.store_message,
                chat_id=chat_id,
                client_id=message.id,
                message_id=message_id,
                content=message.content,
                reply_to_id=message.reply_to_id,
            )

        try:
            try:
                stored = await self._switchboard.unit_of_work(sender_id, work)
            except psycopg.errors.UniqueViolation:
                # The same id was stored in another chat at this moment; now it is found, and is the answer.
                stored = await self._switchboard.unit_of_work(sender_id, work)
        except psycopg.errors.InvalidParameterValue as error:
            raise InvalidInput("reply_to_id names no message of this chat") from error
        if stored is None:
            raise NotFound("there is no such chat among yours")
        return stored

    async def _publish(self, message: Message, member_ids: list[UUID], connection: UUID | None) -> None:
        event = Event(EventKind.MESSAGE, message.chat_id, encode_message(message), seq=message.seq)
        self._published[message.chat_id] = max(message.seq, self._published.get(message.chat_id, 0))
        self._published.move_to_end(message.chat_id)
        if len(self._published) > _REMEMBERED_CHATS:
            self._published.popitem(last=False)
        await self._postman.deliver(member_ids, event, except_for=connection)


def encode_message(message: Message) -> str:
    """The ``msg`` event of a message."""
    return encode(
        "msg",
        message.chat_id,
        seq=message.seq,
        ts=message.created_at,
        d={"message": message},
        **{"from": message.sender_id},
    )


def _as_stored(sender_id: UUID, message: NewMessage, stored: Stored) -> Message:
    # model_construct: every value was checked on its way in.
    return Message.model_construct(
        id=stored.message_id,
        chat_id=stored.chat_id,
        sender_id=sender_id,
        client_id=message.id,
        seq=stored.seq,
        content=message.content,
        message_type="text",
        reply_to_id=message.reply_to_id,
        created_at=stored.created_at,
    )
