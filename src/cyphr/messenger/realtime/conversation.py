"""What one client says after its hello, on a socket that this process holds."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from cyphr.foundation.clock import monotonic
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.messages.models import Ack
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.realtime.connections import Connection
from cyphr.messenger.realtime.exchange import (
    Exchange,
    Refused,
    acknowledge,
    confirm,
    failure,
    out_of_turn,
    parse,
    slow_down,
)
from cyphr.messenger.realtime.models import Close, Continue, Hello, Open, Ping, Receipt, Send, Typing

_MOST_UNACKNOWLEDGED = 32
_SLOW_DOWN_SECONDS = 0.25
_TYPING_SECONDS = 3.0
_MEMBERS_BELIEVED_SECONDS = 30.0
_MOST_CHATS_REMEMBERED = 1024


@dataclass
class _TypedIn:
    """A chat that this client types in: who hears of it, and when it was last relayed."""

    members: frozenset[UUID]
    believed_until: float
    relayed_at: float


class Conversation:
    """Handles the frames of one connection. Sends run side by side, so that one slow chat does not hold up another."""

    def __init__(self, connection: Connection, exchange: Exchange, presence: Presence, sends: TokenBuckets) -> None:
        """``sends``: what each person may send, however many connections they have."""
        self._connection = connection
        self._exchange = exchange
        self._presence = presence
        self._allowance = sends
        self._sender = str(connection.identity.user_id)
        self._sends: dict[asyncio.Future[tuple[Ack, bool]], Send] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._receipts: dict[tuple[UUID, str, UUID | None], Receipt] = {}
        self._moving: asyncio.Future[None] | None = None
        self._typed_in: dict[UUID, _TypedIn] = {}

    def take(self, data: str | bytes) -> None:
        """Begin to handle one frame. Never raises: a bad frame is answered with ``error``."""
        try:
            frame = parse(data)
        except Refused as refused:
            self._connection.answer(refused.answer)
            return
        match frame:
            case Send():
                self._take_send(frame)
            case Receipt():
                self._take_receipt(frame)
            case Typing():
                self._take_typing(frame)
            case Open():
                self._begin(self._open(frame.chat))
            case Close():
                self._presence.close(self._connection, frame.chat)
            case Ping():
                self._connection.answer(encode("pong"))
            case Hello() | Continue():
                self._connection.answer(out_of_turn(frame))

    async def finish(self) -> None:
        """Wait for what was begun: a message under way is stored although its sender has gone."""
        while self._sends or self._others or self._moving:
            under_way: list[asyncio.Future[Any]] = [*self._sends, *self._others]
            if self._moving:
                under_way.append(self._moving)
            await asyncio.wait(under_way)
            await asyncio.sleep(0)  # for the answers, which are given when each has ended

    def _take_send(self, frame: Send) -> None:
        if len(self._sends) >= _MOST_UNACKNOWLEDGED:
            self._connection.answer(slow_down(frame, _SLOW_DOWN_SECONDS))
        elif wait := self._allowance.wait(self._sender, "send"):
            self._connection.answer(slow_down(frame, wait))
        else:
            outcome = self._exchange.start(self._connection.identity, self._connection.id, frame)
            self._sends[outcome] = frame
            outcome.add_done_callback(self._acknowledge)

    def _acknowledge(self, outcome: "asyncio.Future[tuple[Ack, bool]]") -> None:
        self._connection.answer(acknowledge(self._sends.pop(outcome), outcome))

    def _take_receipt(self, frame: Receipt) -> None:
        # Of those that ask for no answer, the newest says it all.
        key = (frame.chat, frame.t, frame.id)
        held = self._receipts.get(key)
        if held is None or held.d.seq < frame.d.seq:
            self._receipts[key] = frame
        # Whatever comes while a transaction is under way shares the next one.
        if self._moving is None:
            self._move_watermarks()

    def _move_watermarks(self) -> None:
        receipts, self._receipts = tuple(self._receipts.values()), {}
        self._moving = self._exchange.start_advance(self._connection.identity, self._connection.id, receipts)
        self._moving.add_done_callback(partial(self._confirm, receipts))

    def _confirm(self, receipts: tuple[Receipt, ...], outcome: "asyncio.Future[None]") -> None:
        self._moving = None
        for answer in confirm(receipts, outcome):
            self._connection.answer(answer)
        if self._receipts:
            self._move_watermarks()

    def _take_typing(self, frame: Typing) -> None:
        if frame.chat in self._connection.moved:
            self._connection.moved.discard(frame.chat)
            self._typed_in.pop(frame.chat, None)
        held = self._typed_in.get(frame.chat)
        if held is not None and held.relayed_at + _TYPING_SECONDS > monotonic():
            return
        self._begin(self._relay_typing(frame.chat))

    async def _relay_typing(self, chat_id: UUID) -> None:
        now = monotonic()
        held = self._typed_in.get(chat_id)
        try:
            if held is None or held.believed_until < now:
                if len(self._typed_in) >= _MOST_CHATS_REMEMBERED:
                    self._typed_in.clear()
                # Written down before asking, so that typing again meanwhile does not ask again.
                held = _TypedIn(frozenset(), now + _MEMBERS_BELIEVED_SECONDS, now)
                self._typed_in[chat_id] = held
                held.members = await self._exchange.list_members(self._connection.identity, chat_id)
        except Exception as error:
            self._typed_in.pop(chat_id, None)
            self._connection.answer(failure(None, error))
            return
        held.relayed_at = now
        await self._exchange.relay_typing(self._connection.identity, chat_id, held.members)

    async def _open(self, chat_id: UUID) -> None:
        try:
            await self._presence.open(self._connection, chat_id)
        except Exception as error:
            self._connection.answer(failure(None, error))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)
