"""The rules of messages."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

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
_LARGEST_BATCH = 256


@dataclass(frozen=True)
class Stored:
    """What the database says of a message it has stored. ``place``: which of those given with it, from 1."""

    place: int
    message_id: UUID | None
    chat_id: UUID
    seq: int
    created_at: datetime
    repeated: bool
    member_ids: list[UUID]


@dataclass(frozen=True)
class Moved:
    """A member's watermarks after they rose. ``reader_ids``: the members who are shown what was read."""

    chat_id: UUID
    received_seq: int
    read_seq: int
    member_ids: list[UUID]
    reader_ids: list[UUID]


@dataclass(frozen=True)
class Head:
    """A chat of a person and its last place."""

    chat_id: UUID
    last_seq: int
    visible_from_seq: int


@dataclass(frozen=True, slots=True)
class _Sending:
    """A message on its way into the database."""

    sender_id: UUID
    message: NewMessage
    message_id: UUID
    connection: UUID | None
    outcome: asyncio.Future[tuple[Ack, bool]]


class Messages:
    """Stores messages and tells the members.

    Messages of one chat that are sent while a transaction of that chat is under way share the next one: the database
    would make them wait for each other anyway. No timer, so a lone message never waits. And so events leave in the
    order of their numbers.
    """

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._waiting: dict[UUID, deque[_Sending]] = {}
        self._storing: set[asyncio.Task[None]] = set()
        self._published: OrderedDict[UUID, int] = OrderedDict()

    async def send(
        self, sender_id: UUID, chat_id: UUID, message: NewMessage, *, connection: UUID | None = None
    ) -> tuple[Ack, bool]:
        """Store a message, tell the members (not ``connection``), and acknowledge; whether it was a repeat.

        A repeat of the client's id gives the first acknowledgement. Raises NotFound, InvalidInput or Unavailable; after
        Unavailable the same id may be sent again without being stored twice.
        """
        outcome: asyncio.Future[tuple[Ack, bool]] = asyncio.get_running_loop().create_future()
        sending = _Sending(sender_id, message, uuid7(), connection, outcome)
        if chat_id in self._waiting:
            self._waiting[chat_id].append(sending)
        else:
            self._waiting[chat_id] = deque([sending])
            task = asyncio.create_task(self._store_waiting(chat_id))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        return await outcome

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
                user_id=user_id,
                chat_ids=[watermark.chat_id for watermark in wanted],
                received=[watermark.received_seq for watermark in wanted],
                read=[watermark.read_seq for watermark in wanted],
            )

        for moved in await self._switchboard.unit_of_work(user_id, work):
            await self._tell_receipt(user_id, moved, moved.reader_ids, moved.read_seq, connection)
            if others := set(moved.member_ids).difference(moved.reader_ids):
                await self._tell_receipt(user_id, moved, others, 0, connection)

    async def _tell_receipt(
        self, user_id: UUID, moved: Moved, recipients: Iterable[UUID], read_seq: int, connection: UUID | None
    ) -> None:
        d = {"user_id": user_id, "received_seq": moved.received_seq, "read_seq": read_seq}
        event = Event(EventKind.RECEIPT, moved.chat_id, encode("receipt", moved.chat_id, d=d), about=user_id)
        await self._postman.deliver(recipients, event, except_for=connection)

    async def _store_waiting(self, chat_id: UUID) -> None:
        waiting = self._waiting[chat_id]
        while waiting:
            batch = [waiting.popleft() for _ in range(min(len(waiting), _LARGEST_BATCH))]
            try:
                await self._store(chat_id, batch)
            except psycopg.Error:
                # One of these cannot be stored as it is; the others must not suffer.
                for sending in batch:
                    await self._store_alone(chat_id, sending)
            except Exception as error:
                _fail(batch, error)
        # Nothing was awaited since the queue was seen empty, so nothing can be left behind in it.
        del self._waiting[chat_id]

    async def _store_alone(self, chat_id: UUID, sending: _Sending) -> None:
        try:
            try:
                await self._store(chat_id, [sending])
            except psycopg.errors.UniqueViolation:
                # The id was stored in another chat at this moment; now it is found, and is the answer.
                await self._store(chat_id, [sending])
        except Exception as error:
            _fail([sending], error)

    async def _store(self, chat_id: UUID, batch: Sequence[_Sending]) -> None:
        async def work(transaction: Transaction) -> list[Stored]:
            return await transaction.fetch_all(
                Stored,
                _queries.store_messages,
                chat_id=chat_id,
                sender_ids=[sending.sender_id for sending in batch],
                client_ids=[sending.message.id for sending in batch],
                message_ids=[sending.message_id for sending in batch],
                contents=[sending.message.content for sending in batch],
                reply_to_ids=[sending.message.reply_to_id for sending in batch],
            )

        stored = {one.place: one for one in await self._switchboard.unit_of_work(None, work)}
        for place, sending in enumerate(batch, start=1):
            try:
                outcome = await self._conclude(sending, stored.get(place))
            except Exception as error:
                _fail([sending], error)
            else:
                if not sending.outcome.done():
                    sending.outcome.set_result(outcome)

    async def _conclude(self, sending: _Sending, stored: Stored | None) -> tuple[Ack, bool]:
        if stored is None:
            raise NotFound("there is no such chat among yours")
        if stored.message_id is None:
            raise InvalidInput("reply_to_id names no message of this chat")
        ack = Ack(
            id=sending.message.id,
            message_id=stored.message_id,
            chat_id=stored.chat_id,
            seq=stored.seq,
            ts=stored.created_at,
        )
        if not stored.repeated:
            await self._publish(_as_stored(sending, ack), stored.member_ids, sending.connection)
        elif stored.seq > self._published.get(stored.chat_id, _END):
            # Stored by us, but the connection broke at commit and nobody was told.
            page = await self.read_history(sending.sender_id, stored.chat_id, after=stored.seq - 1, limit=1)
            await self._publish(page.messages[0], stored.member_ids, sending.connection)
        return ack, stored.repeated

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


def _as_stored(sending: _Sending, ack: Ack) -> Message:
    # model_construct: every value was checked on its way in.
    return Message.model_construct(
        id=ack.message_id,
        chat_id=ack.chat_id,
        sender_id=sending.sender_id,
        client_id=ack.id,
        seq=ack.seq,
        content=sending.message.content,
        message_type="text",
        reply_to_id=sending.message.reply_to_id,
        created_at=ack.ts,
    )


def _fail(batch: Iterable[_Sending], error: Exception) -> None:
    for sending in batch:
        if not sending.outcome.done():
            sending.outcome.set_exception(error)
