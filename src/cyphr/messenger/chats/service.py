"""The rules of chats."""

from dataclasses import dataclass
from uuid import UUID

from cyphr.foundation.errors import InvalidInput, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.models import LARGEST_GROUP, Chat, Member, NewChat
from cyphr.messenger.messages.models import Message
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode

_queries = load_queries(__package__)


class MemberOf(Member):
    """A member, and of which chat."""

    chat_id: UUID


@dataclass(frozen=True)
class OpenedChat:
    chat_id: UUID
    created: bool


class Chats:
    """Lists and makes chats."""

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman

    async def list_chats(self, user_id: UUID) -> list[Chat]:
        """Every chat of this person, newest activity first."""

        async def work(transaction: Transaction) -> list[Chat]:
            return await _read_chats(transaction, user_id)

        return await self._switchboard.unit_of_work(user_id, work)

    async def create(self, user_id: UUID, new: NewChat) -> tuple[Chat, bool]:
        """Open a direct chat or make a group, tell the others, and whether it is new.

        Raises InvalidInput, or NotFound when somebody in it does not exist.
        """
        others = set(new.member_ids) - {user_id}
        if new.type == "direct" and len(others) != 1:
            raise InvalidInput("a direct chat is with exactly one other person")
        if len(others) >= LARGEST_GROUP:
            raise InvalidInput(f"a group holds at most {LARGEST_GROUP} people")
        chat_id = uuid7()

        async def work(transaction: Transaction) -> tuple[Chat, bool]:
            if new.type == "direct":
                opened = await _open_direct(transaction, chat_id, next(iter(others)))
            else:
                opened = await _create_group(transaction, chat_id, new.name, [user_id, *others])
            return (await _read_chats(transaction, user_id, opened.chat_id))[0], opened.created

        chat, created = await self._switchboard.unit_of_work(user_id, work)
        if created:
            text = encode("chat", chat.id, d={"chat": chat.model_dump()})
            members = [member.user_id for member in chat.members]
            await self._postman.deliver(members, Event(EventKind.CHAT, chat.id, text))
        return chat, created


async def _open_direct(transaction: Transaction, chat_id: UUID, other_id: UUID) -> OpenedChat:
    opened = await transaction.fetch_one(OpenedChat, _queries.open_direct_chat, chat_id=chat_id, other_id=other_id)
    if opened is None:
        raise NotFound("there is no such person", user_id=str(other_id))
    return opened


async def _create_group(transaction: Transaction, chat_id: UUID, name: str | None, members: list[UUID]) -> OpenedChat:
    if not await transaction.fetch_value(_queries.create_group, chat_id=chat_id, name=name, member_ids=members):
        raise NotFound("one of the members does not exist")
    return OpenedChat(chat_id, created=True)


async def _read_chats(transaction: Transaction, user_id: UUID, only: UUID | None = None) -> list[Chat]:
    chats = await transaction.fetch_all(Chat, _queries.list_chats, user_id=user_id, only_chat_id=only)
    by_id = {chat.id: chat for chat in chats}
    ids = list(by_id)
    for member in await transaction.fetch_all(MemberOf, _queries.list_members, chat_ids=ids):
        by_id[member.chat_id].members.append(Member.model_validate(member.model_dump(exclude={"chat_id"})))
    for message in await transaction.fetch_all(Message, _queries.list_last_messages, chat_ids=ids):
        by_id[message.chat_id].last_message = message
    return chats
