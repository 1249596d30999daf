"""What people do to messages that are stored: edit, delete, react. Every change is a state with a number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from pydantic_core import to_json

from cyphr.foundation.errors import Conflict, CyphrError, InvalidInput, NotAllowed, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.models import Edit, Message
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode
from cyphr.messenger.messages.told import Told

_queries = load_queries(__package__)

_REFUSALS: dict[str, tuple[type[CyphrError], str]] = {
    "not_found": (NotFound, "there is no such message in a chat of yours"),
    "gone": (NotFound, "the message was deleted or has expired"),
    "not_sender": (NotAllowed, "only who wrote a message may edit it"),
    "not_text": (NotAllowed, "only text of one's own can be edited, nothing that was forwarded"),
    "not_allowed": (NotAllowed, "only who wrote a message, or an admin of the group, may delete it for all"),
    "notice": (NotAllowed, "what the chat itself says cannot be deleted for all, and takes no reactions"),
    "too_late": (Conflict, "a message can be edited for 15 minutes; send another one instead"),
    "too_often": (Conflict, "a message can be edited 50 times; send another one instead"),
    "too_many": (Conflict, "a message takes 20 kinds of reactions; choose one of those that are there"),
    "mention": (InvalidInput, "mentions name somebody who is no member of this chat"),
}


@dataclass(frozen=True)
class Changed:
    """What the database says of a change. ``change``: the number of it, or, if it was made before, of the last one."""

    outcome: str
    change: int | None
    seeing_ids: list[UUID] | None
    blind_ids: list[UUID] | None


class MessageChanges:
    """Changes messages and tells the members.

    Changes of one chat are told one after the other, so that they leave in the order of their numbers.
    """

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._turns: dict[UUID, tuple[asyncio.Lock, int]] = {}
        self._told = Told()

    async def edit(self, user_id: UUID, chat_id: UUID, message_id: UUID, edit: Edit) -> Message:
        """Let a message say something else. Raises NotFound, NotAllowed, Conflict or InvalidInput."""
        return await self._change(
            user_id,
            chat_id,
            message_id,
            _queries.edit_message,
            content=edit.content,
            formatting=to_json(edit.formatting).decode() if edit.formatting else None,
            mentions=edit.mentions or None,
        )

    async def delete(self, user_id: UUID, chat_id: UUID, message_id: UUID) -> None:
        """Delete a message for everybody. Raises NotFound or NotAllowed."""
        await self._change(user_id, chat_id, message_id, _queries.delete_message)

    async def react(self, user_id: UUID, chat_id: UUID, message_id: UUID, emoji: str, *, wanted: bool) -> Message:
        """Put one's reaction there or take it away. Raises NotFound, NotAllowed or Conflict."""
        return await self._change(user_id, chat_id, message_id, _queries.react, emoji=emoji, wanted=wanted)

    async def hide(self, user_id: UUID, chat_id: UUID, message_id: UUID) -> None:
        """Delete a message for oneself, and tell one's own connections. Raises NotFound."""

        async def work(transaction: Transaction) -> int | None:
            seq: int | None = await transaction.fetch_value(
                _queries.hide_message, chat_id=chat_id, message_id=message_id
            )
            return seq

        seq = await self._switchboard.unit_of_work(user_id, work, repeatable=True)
        if seq is None:
            raise NotFound("there is no such message in a chat of yours")
        text = encode("hidden", chat_id, seq=seq, d={"message_id": message_id})
        await self._postman.deliver([user_id], Event(EventKind.HIDDEN, chat_id, text))

    async def _change(
        self, user_id: UUID, chat_id: UUID, message_id: UUID, query: LiteralString, **parameters: Any
    ) -> Message:
        async def work(transaction: Transaction) -> tuple[Changed, Message | None]:
            changed = await transaction.fetch_one(Changed, query, chat_id=chat_id, message_id=message_id, **parameters)
            message = await transaction.fetch_one(
                Message, _queries.find_message, chat_id=chat_id, message_id=message_id
            )
            assert changed is not None
            return changed, message

        async with self._turn(chat_id):
            changed, message = await self._switchboard.unit_of_work(user_id, work, repeatable=True)
            if changed.outcome in _REFUSALS:
                error, words = _REFUSALS[changed.outcome]
                raise error(words)
            assert message is not None
            if changed.change is not None and not self._told.knows(chat_id, changed.change):
                await self._tell(chat_id, changed.change, changed, message)
        return message

    async def _tell(self, chat_id: UUID, change: int, changed: Changed, message: Message) -> None:
        whole = encode("change", chat_id, change=change, d={"message": message})
        number = encode("change", chat_id, change=change, d={"message": None})
        for people, text in ((changed.seeing_ids, whole), (changed.blind_ids, number)):
            await self._postman.deliver(people or [], Event(EventKind.CHANGE, chat_id, text, change=change))
        self._told.note(chat_id, change)

    @asynccontextmanager
    async def _turn(self, chat_id: UUID) -> AsyncIterator[None]:
        lock, waiting = self._turns.get(chat_id, (asyncio.Lock(), 0))
        self._turns[chat_id] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns.pop(chat_id)
            if waiting > 1:
                self._turns[chat_id] = lock, waiting - 1
