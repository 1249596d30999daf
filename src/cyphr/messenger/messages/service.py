"""The rules of messages."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from pydantic_core import to_json

from cyphr.foundation.errors import CyphrError, InvalidInput, NotAllowed, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction, uuid_array, uuids_of
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.lanes import Lanes
from cyphr.messenger.messages.models import (
    Ack,
    Changes,
    Message,
    Page,
    SendBody,
    Watermark,
)
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode
from cyphr.messenger.messages.told import Told
from cyphr.messenger.messages.watermarks import Watermarks

_queries = load_queries(__package__)

LONGEST_PAGE = 200
_END = 2**62
_LANES = 4

_REFUSALS: dict[str, tuple[type[CyphrError], str]] = {
    "send": (NotAllowed, "you may not send messages to this chat"),
    "reply": (InvalidInput, "reply_to_id names no message of this chat"),
    "mention": (InvalidInput, "mentions name somebody who is no member of this chat"),
    "forward": (InvalidInput, "forward_of names no message that you can forward: it may be deleted or expired by now"),
}


@dataclass(slots=True)
class Stored:
    """What the database says of a message it has stored, as ``store_messages`` gives it.

    ``place``: which of those given with it, from 1. ``member_ids``: given in the first row of each chat, as
    ``uuids_of`` takes it.
    """

    place: int
    message_id: UUID | None
    chat_id: UUID
    seq: int
    created_at: datetime
    expires_at: datetime | None
    repeated: bool
    refusal: str | None
    member_ids: bytes | None


@dataclass(frozen=True, slots=True)
class Original:
    """What is forwarded. ``sender_name``: empty when it is not told."""

    content: str
    formatting: list[dict[str, str | int]]
    sender_name: str


@dataclass(frozen=True)
class Head:
    """A chat of a person and its last place."""

    chat_id: UUID
    last_seq: int
    visible_from_seq: int
    last_change: int


@dataclass(slots=True)
class _Sending:
    """A message on its way into the database."""

    sender_id: UUID
    chat_id: UUID
    client_id: UUID
    body: SendBody
    original: Original | None
    connection: UUID | None
    message_id: UUID = field(default_factory=uuid7)
    outcome: asyncio.Future[tuple[Ack, bool]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def content(self) -> str | None:
        return self.body.content if self.original is None else self.original.content

    @property
    def formatting(self) -> str | None:
        kept = self.body.formatting if self.original is None else self.original.formatting
        return to_json(kept).decode() if kept else None

    @property
    def mentions(self) -> str | None:
        return "{" + ",".join(map(str, self.body.mentions)) + "}" if self.body.mentions else None


class Messages:
    """Stores messages and tells the members.

    What is sent while a transaction is under way shares the next one, also when it is for different chats: a commit is
    paid once for all that came together. A chat is always on the same lane, so its events leave in the order of their
    numbers.
    """

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._lanes = Lanes(_LANES, self._store_batch)
        self._watermarks = Watermarks(switchboard, postman)
        self._told = Told()

    async def send(
        self, sender_id: UUID, chat_id: UUID, client_id: UUID, body: SendBody, *, connection: UUID | None = None
    ) -> tuple[Ack, bool]:
        """Store a message, tell the members (not ``connection``), and acknowledge; whether it was a repeat.

        A repeat of the client's id gives the first acknowledgement. Raises NotFound, InvalidInput, NotAllowed for who
        is in the chat but may not send, or Unavailable; after Unavailable the same id may be sent again without being
        stored twice.
        """
        return await self.start(sender_id, chat_id, client_id, body, connection=connection)

    def start(
        self, sender_id: UUID, chat_id: UUID, client_id: UUID, body: SendBody, *, connection: UUID | None = None
    ) -> asyncio.Future[tuple[Ack, bool]]:
        """As ``send``, for who has more to do than to wait: what ``send`` gives or raises is in the future."""
        sending = _Sending(sender_id, chat_id, client_id, body, None, connection)
        if body.forward_of is not None:
            return asyncio.ensure_future(self._forward(sending, body.forward_of))
        self._lanes.add(chat_id, sending)
        return sending.outcome

    def turn(self, chat_id: UUID) -> AbstractAsyncContextManager[None]:
        """For who stores something else of this chat: its events then keep the order of the numbers, too."""
        return self._lanes.turn(chat_id)

    async def publish_notice(self, notice: Message, member_ids: list[UUID]) -> None:
        """Tell the members of a notice that was stored. To be called in the chat's turn."""
        await self._publish(notice, member_ids, None)

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

        rows = await self._switchboard.unit_of_work(user_id, work, repeatable=True)
        page = rows[:limit]
        return Page(messages=page if after is not None else page[::-1], more=len(rows) > limit)

    async def read_changes(self, user_id: UUID, chat_id: UUID, *, after: int, limit: int = LONGEST_PAGE) -> Changes:
        """The messages that changed after a point, as they are now. Raises NotFound."""

        async def work(transaction: Transaction) -> tuple[int | None, list[Message]]:
            # The counter first: what is committed between the two reads is then asked for once more, never left out.
            last = await transaction.fetch_value(_queries.find_last_change, chat_id=chat_id)
            rows = await transaction.fetch_all(
                Message, _queries.list_changed, chat_id=chat_id, after=after, limit=limit + 1
            )
            return last, rows

        last, rows = await self._switchboard.unit_of_work(user_id, work, repeatable=True)
        if last is None:
            raise NotFound("there is no such chat among yours")
        page, more = rows[:limit], len(rows) > limit
        newest = (page[-1].changed or 0) if page else 0
        return Changes(messages=page, change=newest if more else max(last, newest), more=more)

    async def list_heads(self, user_id: UUID) -> list[Head]:
        """Every chat of this person with its last place."""

        async def work(transaction: Transaction) -> list[Head]:
            return await transaction.fetch_all(Head, _queries.list_heads, user_id=user_id)

        return await self._switchboard.unit_of_work(user_id, work, repeatable=True)

    async def list_members(self, user_id: UUID, chat_id: UUID) -> frozenset[UUID]:
        """Who is in the chat. Raises NotFound for a stranger."""

        async def work(transaction: Transaction) -> frozenset[UUID]:
            cursor = await transaction.connection.execute(_queries.list_members, {"chat_id": chat_id})
            return frozenset(row[0] for row in await cursor.fetchall())

        members = await self._switchboard.unit_of_work(user_id, work, repeatable=True)
        if user_id not in members:
            raise NotFound("there is no such chat among yours")
        return members

    async def advance(self, user_id: UUID, watermarks: Iterable[Watermark], *, connection: UUID | None = None) -> None:
        """Raise this person's watermarks, and tell the members of each chat where they moved (not ``connection``)."""
        await self.start_advance(user_id, watermarks, connection=connection)

    def start_advance(
        self, user_id: UUID, watermarks: Iterable[Watermark], *, connection: UUID | None = None
    ) -> asyncio.Future[None]:
        """As ``advance``, for who has more to do than to wait."""
        return self._watermarks.start(user_id, watermarks, connection=connection)

    async def _forward(self, sending: _Sending, message_id: UUID) -> tuple[Ack, bool]:
        sending.original = await self._find_original(sending.sender_id, message_id)
        self._lanes.add(sending.chat_id, sending)
        return await sending.outcome

    async def _find_original(self, sender_id: UUID, message_id: UUID) -> Original | None:
        async def work(transaction: Transaction) -> Original | None:
            return await transaction.fetch_one(Original, _queries.find_original, message_id=message_id)

        return await self._switchboard.unit_of_work(sender_id, work, repeatable=True)

    async def _store_batch(self, batch: list[_Sending]) -> None:
        try:
            await self._store(batch)
        except psycopg.Error:
            # One of these cannot be stored as it is; the others must not suffer.
            for sending in batch:
                await self._store_alone(sending)
        except Exception as error:
            _fail(batch, error)

    async def _store_alone(self, sending: _Sending) -> None:
        try:
            try:
                await self._store([sending])
            except psycopg.errors.UniqueViolation:
                # The id was stored in another chat at this moment; now it is found, and is the answer.
                await self._store([sending])
        except Exception as error:
            _fail([sending], error)

    async def _store(self, batch: Sequence[_Sending]) -> None:
        rows = await self._switchboard.call(
            _queries.store_messages,
            chat_ids=uuid_array(sending.chat_id for sending in batch),
            sender_ids=uuid_array(sending.sender_id for sending in batch),
            client_ids=uuid_array(sending.client_id for sending in batch),
            message_ids=uuid_array(sending.message_id for sending in batch),
            contents=[sending.content for sending in batch],
            reply_to_ids=_or_nothing([sending.body.reply_to_id for sending in batch]),
            mentions=_or_nothing([sending.mentions for sending in batch]),
            formatting=_or_nothing([sending.formatting for sending in batch]),
            forwarded_from=_or_nothing([sending.original and sending.original.sender_name for sending in batch]),
        )
        stored = {row[0]: Stored(*row) for row in rows}
        members = {one.chat_id: uuids_of(one.member_ids) for one in stored.values() if one.member_ids is not None}
        for place, sending in enumerate(batch, start=1):
            try:
                one = stored.get(place)
                outcome = await self._conclude(sending, one, members.get(one.chat_id, ()) if one is not None else ())
            except Exception as error:
                _fail([sending], error)
            else:
                if not sending.outcome.done():
                    sending.outcome.set_result(outcome)

    async def _conclude(self, sending: _Sending, stored: Stored | None, member_ids: Sequence[UUID]) -> tuple[Ack, bool]:
        if stored is None:
            raise NotFound("there is no such chat among yours")
        if stored.message_id is None:
            error, words = _REFUSALS[stored.refusal or ""]
            raise error(words)
        ack = Ack(sending.client_id, stored.message_id, stored.chat_id, stored.seq, stored.created_at)
        if not stored.repeated:
            text = _encode_stored(sending, stored)
            await self._tell(stored.chat_id, stored.seq, text, member_ids, sending.connection)
        elif not self._told.knows(stored.chat_id, stored.seq):
            await self._tell_late(sending, stored, member_ids)
        return ack, stored.repeated

    async def _tell_late(self, sending: _Sending, stored: Stored, member_ids: Sequence[UUID]) -> None:
        """Tell of what a first try stored, as it is by now."""
        try:
            page = await self.read_history(sending.sender_id, stored.chat_id, after=stored.seq - 1, limit=1)
        except NotFound:
            return  # Its sender has left the chat since.
        for message in page.messages:
            if message.seq == stored.seq and not message.hidden:
                await self._publish(message, member_ids, sending.connection)

    async def tell_last(self, user_id: UUID, chat_id: UUID) -> None:
        """Tell the members of the newest message once more: who sees a gap before it asks for what is missing.

        For when it is not known whether something was stored; to be called in the chat's turn. Raises nothing.
        """
        try:
            members = await self.list_members(user_id, chat_id)
            page = await self.read_history(user_id, chat_id, limit=1)
        except CyphrError:
            return
        for message in page.messages:
            if not message.hidden:
                await self._publish(message, list(members), None)

    async def _publish(self, message: Message, member_ids: Sequence[UUID], connection: UUID | None) -> None:
        moves = message.message_type == "notice"
        text = encode_message(message)
        await self._tell(message.chat_id, message.seq, text, member_ids, connection, moves_members=moves)

    async def _tell(
        self,
        chat_id: UUID,
        seq: int,
        text: str,
        member_ids: Sequence[UUID],
        connection: UUID | None,
        *,
        moves_members: bool = False,
    ) -> None:
        self._told.note(chat_id, seq)
        event = Event(EventKind.MESSAGE, chat_id, text, seq=seq, moves_members=moves_members)
        await self._postman.deliver(member_ids, event, except_for=connection)


def encode_message(message: Message) -> str:
    """The ``msg`` event of a message."""
    return _encode_event(message, message.chat_id, message.sender_id, message.seq, message.created_at)


def _encode_event(message: object, chat_id: UUID, sender_id: UUID, seq: int, sent_at: datetime) -> str:
    return encode("msg", chat_id, seq=seq, ts=sent_at, d={"message": message}, **{"from": sender_id})


def _encode_stored(sending: _Sending, stored: Stored) -> str:
    """As ``encode_message``, of what was checked when it came: a ``Message`` would only be made to be written."""
    original = sending.original
    message = {
        "id": sending.message_id,
        "chat_id": stored.chat_id,
        "sender_id": sending.sender_id,
        "client_id": sending.client_id,
        "seq": stored.seq,
        "content": sending.content,
        "message_type": "text",
        "reply_to_id": sending.body.reply_to_id,
        "created_at": stored.created_at,
        "edited_at": None,
        "deleted_at": None,
        "expires_at": stored.expires_at,
        "changed": None,
        "forwarded": None if original is None else {"sender_name": original.sender_name or None},
        "mentions": sending.body.mentions,
        "formatting": sending.body.formatting if original is None else original.formatting,
        "reactions": (),
        "hidden": False,
    }
    return _encode_event(message, stored.chat_id, sending.sender_id, stored.seq, stored.created_at)


def _or_nothing(column: list[Any]) -> list[Any] | str:
    # Of most things most messages have none, and an array that is too short is as good as one full of nulls. As text,
    # for psycopg looks for the type of a list, also of an empty one.
    return column if any(one is not None for one in column) else "{}"


def _fail(batch: Iterable[_Sending], error: Exception) -> None:
    for sending in batch:
        if not sending.outcome.done():
            sending.outcome.set_exception(error)
