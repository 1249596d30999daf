"""Chats read out of the database, for whoever shows one: the list, and whatever changes a chat."""

from decimal import Decimal
from uuid import UUID

from cyphr.foundation.errors import NotAllowed, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.messenger.chats.models import MOST_MEMBERS_SHOWN, Chat, ChatPlace, Member
from cyphr.messenger.messages.models import Message
from cyphr.messenger.messages.postman import Event, EventKind, encode

_queries = load_queries(__package__)

_LARGEST_EVENT = 28 * 1024


class _MemberOf(Member):
    """A member, and of which chat."""

    chat_id: UUID


class _Listed(Chat):
    """A chat, and what its place in the list is made of."""

    pin: int
    activity: Decimal


async def read_chats(
    transaction: Transaction, user_id: UUID, *, after: ChatPlace | None = None, limit: int
) -> tuple[list[Chat], ChatPlace | None]:
    """Part of this person's list, and the place of its last chat."""
    listed = await _list(transaction, user_id, None, after, limit)
    last = listed[-1] if listed else None
    chats = await _complete(transaction, listed)
    return chats, None if last is None else ChatPlace(last.pin, last.activity, last.id)


async def read_chat(transaction: Transaction, user_id: UUID, chat_id: UUID) -> Chat:
    """One chat of this person, listed or not. Raises NotFound."""
    chats = await _complete(transaction, await _list(transaction, user_id, chat_id, None, 1))
    if not chats:
        raise NotFound("there is no such chat among yours")
    return chats[0]


async def check_member(transaction: Transaction, user_id: UUID, chat_id: UUID) -> str:
    """What this person is in the chat: owner, admin or member. Raises NotFound for a stranger."""
    role: str | None = await transaction.fetch_value(_queries.role_of, chat_id=chat_id, user_id=user_id)
    if role is None:
        raise NotFound("there is no such chat among yours")
    return role


async def check_admin(transaction: Transaction, user_id: UUID, chat_id: UUID) -> None:
    """Raises NotFound for a stranger to the chat, NotAllowed for who does not administer it."""
    if await check_member(transaction, user_id, chat_id) not in {"owner", "admin"}:
        raise NotAllowed("only the owner and the admins of the group see this")


def chat_event(chat: Chat, *, mine: bool = False) -> Event:
    """That a chat is there. ``mine``: for the person who read it, else for others, who may not see all that they do."""
    if not mine:
        chat = chat.model_copy(update={"mine": None, "last_message": None})
    text = encode("chat", chat.id, d={"chat": chat})
    while len(text.encode()) > _LARGEST_EVENT and chat.members:
        # Long names: member_count still tells how many there are.
        chat = chat.model_copy(update={"members": chat.members[: len(chat.members) // 2]})
        text = encode("chat", chat.id, d={"chat": chat})
    return Event(EventKind.CHAT, chat.id, text, moves_members=True)


async def _list(
    transaction: Transaction, user_id: UUID, only: UUID | None, after: ChatPlace | None, limit: int
) -> list[_Listed]:
    return await transaction.fetch_all(
        _Listed,
        _queries.list_chats,
        user_id=user_id,
        only_chat_id=only,
        after_pin=None if after is None else after.pin,
        after_activity=None if after is None else after.activity,
        after_id=None if after is None else after.chat_id,
        limit=limit,
    )


async def _complete(transaction: Transaction, listed: list[_Listed]) -> list[Chat]:
    by_id = {one.id: Chat.model_validate(one.model_dump(exclude={"pin", "activity"})) for one in listed}
    ids = list(by_id)
    for member in await transaction.fetch_all(_MemberOf, _queries.list_members, chat_ids=ids, limit=MOST_MEMBERS_SHOWN):
        by_id[member.chat_id].members.append(Member.model_validate(member.model_dump(exclude={"chat_id"})))
    for message in await transaction.fetch_all(Message, _queries.list_last_messages, chat_ids=ids):
        by_id[message.chat_id].last_message = message
    return list(by_id.values())
