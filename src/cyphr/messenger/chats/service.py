"""The rules of chats: the list, making one, and what each person makes of a chat for themselves."""

from dataclasses import dataclass
from uuid import UUID

from pydantic_core import to_json

from cyphr.foundation.errors import InvalidInput, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.changes import Changes, ask
from cyphr.messenger.chats.models import (
    LARGEST_GROUP,
    Chat,
    ChatPlace,
    Member,
    MemberPage,
    Mine,
    NewChat,
    NewSettings,
)
from cyphr.messenger.chats.reading import chat_event, check_member, read_chat, read_chats
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode

_queries = load_queries(__package__)


@dataclass(frozen=True)
class _Direct:
    chat_id: UUID
    created: bool
    shown: bool


class Chats:
    """Lists and makes chats, and keeps what a person makes of each for themselves."""

    def __init__(self, switchboard: Switchboard, postman: Postman, changes: Changes) -> None:
        self._switchboard = switchboard
        self._changes = changes
        self._postman = postman
        self._limits = {
            "direct": TokenBuckets(60, burst=300),
            "group": TokenBuckets(2, burst=20),
            "change": TokenBuckets(60, burst=120),
        }

    async def list_chats(
        self, user_id: UUID, *, after: ChatPlace | None = None, limit: int = 100
    ) -> tuple[list[Chat], ChatPlace | None]:
        """Part of this person's chats, pinned ones, then newest activity first; where to go on if there are more."""

        async def work(transaction: Transaction) -> tuple[list[Chat], ChatPlace | None]:
            return await read_chats(transaction, user_id, after=after, limit=limit)

        chats, place = await self._switchboard.unit_of_work(user_id, work)
        return chats, place if len(chats) == limit else None

    async def read_chat(self, user_id: UUID, chat_id: UUID) -> Chat:
        """One chat of this person. Raises NotFound."""

        async def work(transaction: Transaction) -> Chat:
            return await read_chat(transaction, user_id, chat_id)

        return await self._switchboard.unit_of_work(user_id, work)

    async def set_disappearing(self, user_id: UUID, chat_id: UUID, seconds: int | None) -> None:
        """Let messages sent from now on live so long. Raises NotFound, NotAllowed or RateLimited."""
        self._limits["change"].take(str(user_id), "disappearing")
        change = ask(_queries.change_disappearing, chat_id=chat_id, seconds=seconds)
        await self._changes.make(user_id, chat_id, change)

    async def list_members(
        self, user_id: UUID, chat_id: UUID, *, after: UUID | None, search: str | None, limit: int
    ) -> MemberPage:
        """A page of a chat's members; with ``search``, of those whose name or @cyphr_id holds it. Raises NotFound."""

        async def work(transaction: Transaction) -> list[Member]:
            found = await transaction.fetch_all(
                Member,
                _queries.page_of_members,
                chat_id=chat_id,
                after=after,
                pattern=None if search is None else _holding(search),
                limit=limit + 1,
            )
            if not found:
                await check_member(transaction, user_id, chat_id)
            return found

        found = await self._switchboard.unit_of_work(user_id, work)
        page = found[:limit]
        return MemberPage(members=page, next=page[-1].user_id if len(found) > limit else None)

    async def create(self, user_id: UUID, new: NewChat) -> tuple[Chat, bool]:
        """Open a direct chat or make a group, tell the others, and whether it is new.

        Raises InvalidInput, NotFound when somebody in it does not exist, or RateLimited.
        """
        others = set(new.member_ids) - {user_id}
        if new.type == "direct" and len(others) != 1:
            raise InvalidInput("a direct chat is with exactly one other person")
        if len(others) >= LARGEST_GROUP:
            raise InvalidInput(f"a group holds at most {LARGEST_GROUP} people")
        self._limits[new.type].take(str(user_id), new.type)
        chat_id = uuid7()

        async def work(transaction: Transaction) -> tuple[Chat, bool, list[UUID]]:
            if new.type == "direct":
                other = next(iter(others))
                direct = await _open_direct(transaction, chat_id, other)
                chat = await read_chat(transaction, user_id, direct.chat_id)
                return chat, direct.created, [other] if direct.created and direct.shown else []
            members = await _create_group(transaction, chat_id, new.name, [user_id, *others])
            return await read_chat(transaction, user_id, chat_id), True, [one for one in members if one != user_id]

        chat, created, told = await self._switchboard.unit_of_work(user_id, work)
        await self._postman.deliver([user_id], chat_event(chat, mine=True))
        await self._postman.deliver(told, chat_event(chat))
        return chat, created

    async def change_settings(self, user_id: UUID, chat_id: UUID, new: NewSettings) -> Mine:
        """Mute or archive a chat, for this person alone. Raises NotFound."""
        settings = _as_stored(new)

        async def work(transaction: Transaction) -> Chat:
            await transaction.fetch_value(_queries.set_chat_settings, chat_id=chat_id, settings=settings)
            return await read_chat(transaction, user_id, chat_id)

        return await self._tell_settings(user_id, await self._switchboard.unit_of_work(user_id, work))

    async def pin(self, user_id: UUID, chat_ids: list[UUID]) -> None:
        """Pin exactly these chats, the first on top. Raises NotFound when one of them is not this person's."""
        if len(set(chat_ids)) < len(chat_ids):
            raise InvalidInput("a chat is pinned once; leave the repeats out")

        async def work(transaction: Transaction) -> list[Chat]:
            moved = await transaction.fetch_value(_queries.set_pinned_chats, chat_ids=chat_ids)
            if moved is None:
                raise NotFound("one of these chats is not among yours")
            return [await read_chat(transaction, user_id, chat_id) for chat_id in moved]

        for chat in await self._switchboard.unit_of_work(user_id, work):
            await self._tell_settings(user_id, chat)

    async def clear_direct(self, user_id: UUID, chat_id: UUID) -> None:
        """Take a direct chat and its history away from this person alone, until there is a new message.

        Raises NotFound, or InvalidInput for a group.
        """

        async def work(transaction: Transaction) -> int | None:
            through: int | None = await transaction.fetch_value(_queries.clear_direct_chat, chat_id=chat_id)
            return through

        through = await self._switchboard.unit_of_work(user_id, work)
        if through is None:
            raise NotFound("there is no such chat among yours")
        if through < 0:
            raise InvalidInput("a group is not deleted by one of its members; leave it")
        text = encode("chat.cleared", chat_id, d={"through_seq": through})
        await self._postman.deliver([user_id], Event(EventKind.CLEARED, chat_id, text))

    async def _tell_settings(self, user_id: UUID, chat: Chat) -> Mine:
        assert chat.mine is not None, "a chat that was read has its reader's own part"
        text = encode("chat.settings", chat.id, d={"mine": chat.mine})
        await self._postman.deliver([user_id], Event(EventKind.SETTINGS, chat.id, text))
        return chat.mine


async def _open_direct(transaction: Transaction, chat_id: UUID, other_id: UUID) -> _Direct:
    direct = await transaction.fetch_one(_Direct, _queries.open_direct_chat, chat_id=chat_id, other_id=other_id)
    if direct is None:
        raise NotFound("there is no such person", user_id=str(other_id))
    return direct


async def _create_group(transaction: Transaction, chat_id: UUID, name: str | None, members: list[UUID]) -> list[UUID]:
    enrolled: list[UUID] | None = await transaction.fetch_value(
        _queries.create_group, chat_id=chat_id, name=name, member_ids=members
    )
    if enrolled is None:
        raise NotFound("one of the members does not exist")
    return enrolled


def _as_stored(new: NewSettings) -> str:
    given = new.model_fields_set
    settings: dict[str, object] = {}
    if given & {"muted_until", "muted_for_ever"}:
        settings["muted_until"] = "infinity" if new.muted_for_ever else new.muted_until
    if "archived" in given:
        settings["archived"] = new.archived
    return to_json(settings).decode()


def _holding(text: str) -> str:
    """A pattern for ILIKE: anything that holds ``text`` as it is."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
