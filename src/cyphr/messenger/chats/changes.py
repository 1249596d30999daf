"""What changes who is in a chat, or what it is: stored with its notice, then told to everybody in the chat's order."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, LiteralString
from uuid import UUID

from cyphr.foundation.errors import Conflict, CyphrError, InvalidInput, NotAllowed, NotFound, Unavailable
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.models import LARGEST_GROUP, Chat
from cyphr.messenger.chats.reading import chat_event, read_chat
from cyphr.messenger.messages.models import Message
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode
from cyphr.messenger.messages.service import Messages

_REFUSALS: Mapping[str, tuple[type[CyphrError], str]] = {
    "not_found": (NotFound, "there is no such chat among yours"),
    "direct": (InvalidInput, "this is a direct chat: there is nothing to administer"),
    "not_allowed": (NotAllowed, "your role in this group does not allow that; ask its owner or an admin"),
    "self": (InvalidInput, "this cannot be done to oneself; to go, leave the group"),
    "no_such_person": (NotFound, "one of these people does not exist"),
    "no_such_member": (NotFound, "this person is not in the group"),
    "full": (Conflict, f"a group holds at most {LARGEST_GROUP} people"),
    "too_many": (Conflict, "a group has at most 50 links that work; revoke one of them first"),
    "dead_link": (NotFound, "this link does not work, or no longer; ask for a new one"),
    "no_such_invite": (NotFound, "the group has no such link"),
}


class Crossing(Enum):
    """Whether those whom a change touches come into the chat by it, go out, or neither."""

    IN = "in"
    OUT = "out"
    NONE = "none"


@dataclass(frozen=True)
class Change:
    """What the database says of a change. ``notice``: None when nothing had to be changed."""

    outcome: str
    user_ids: list[UUID]
    notice: dict[str, Any] | None
    member_ids: list[UUID]


def refusal(outcome: str) -> CyphrError:
    """What an outcome other than ``done`` means."""
    error, message = _REFUSALS[outcome]
    return error(message)


def refuse(outcome: str) -> None:
    """Raise what an outcome means, unless it is ``done``."""
    if outcome != "done":
        raise refusal(outcome)


def ask(query: LiteralString, **parameters: Any) -> Callable[[Transaction], Awaitable[Change]]:
    """A change that is one call of a function of the schema private."""

    async def work(transaction: Transaction) -> Change:
        change = await transaction.fetch_one(Change, query, **parameters)
        assert change is not None, "these functions always answer with a row"
        return change

    return work


class Changes:
    """Makes changes of chats. The rules are in the database, under the chat's lock."""

    def __init__(self, switchboard: Switchboard, messages: Messages, postman: Postman) -> None:
        self._switchboard = switchboard
        self._messages = messages
        self._postman = postman

    async def make(
        self,
        user_id: UUID,
        chat_id: UUID,
        change: Callable[[Transaction], Awaitable[Change]],
        crossing: Crossing = Crossing.NONE,
    ) -> Change:
        """Make a change on behalf of ``user_id`` and tell everybody concerned. Raises what the outcome means."""

        async def work(transaction: Transaction) -> tuple[Change, Chat | None]:
            made = await change(transaction)
            if made.notice is None or crossing is not Crossing.IN:
                return made, None
            return made, await read_chat(transaction, user_id, chat_id)

        async with self._messages.turn(chat_id):
            try:
                made, entered = await self._switchboard.unit_of_work(user_id, work)
            except Unavailable:
                # It may have been made, with its notice; a second try would find nothing to change, and tell nobody.
                await self._messages.tell_last(user_id, chat_id)
                raise
            if made.notice is not None:
                await self._tell(made, Message.model_validate(made.notice), entered, crossing)
        refuse(made.outcome)
        return made

    async def _tell(self, made: Change, notice: Message, entered: Chat | None, crossing: Crossing) -> None:
        if entered is not None:
            # First, so that who comes in knows the chat that the notice is of.
            await self._postman.deliver(made.user_ids, chat_event(entered))
        await self._messages.publish_notice(notice, made.member_ids)
        if crossing is Crossing.OUT:
            text = encode("chat.left", notice.chat_id, seq=notice.seq)
            left = Event(EventKind.LEFT, notice.chat_id, text, moves_members=True)
            await self._postman.deliver(made.user_ids, left)
