"""The rules of groups. Most of them are in ``schema/private_groups.sql``, under the chat's lock."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from pydantic_core import to_json

from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.changes import Change, Changes, Crossing, ask
from cyphr.messenger.chats.models import Chat
from cyphr.messenger.chats.reading import check_admin, check_member, read_chat
from cyphr.messenger.files.service import Files, Record
from cyphr.messenger.groups.models import Added, Ban, GroupChanges, NewRole
from cyphr.messenger.limits import TokenBuckets

_queries = load_queries(__package__)


class Groups:
    """Changes who is in a group, as what, and what it is called."""

    def __init__(self, switchboard: Switchboard, changes: Changes, files: Files) -> None:
        self._switchboard = switchboard
        self._changes = changes
        self._files = files
        self._limits = TokenBuckets(60, burst=120)

    async def add_members(self, user_id: UUID, chat_id: UUID, added: list[UUID]) -> Added:
        """Make people members. Raises NotFound, NotAllowed, Conflict when the group would be too large, RateLimited."""
        self._limits.take(str(user_id), "add")
        wanted = list(dict.fromkeys(added))
        change = ask(_queries.add_members, chat_id=chat_id, user_ids=wanted)
        made = await self._changes.make(user_id, chat_id, change, Crossing.IN)
        present = set(made.member_ids)
        return Added(added=made.user_ids, refused=[person for person in wanted if person not in present])

    async def remove_member(self, user_id: UUID, chat_id: UUID, removed: UUID) -> None:
        """Take somebody out, or leave oneself. Raises NotFound or NotAllowed."""
        if removed == user_id:
            change = ask(_queries.leave_group, chat_id=chat_id)
        else:
            change = ask(_queries.remove_member, chat_id=chat_id, user_id=removed, ban=False)
        await self._make(user_id, chat_id, change, Crossing.OUT)

    async def ban(self, user_id: UUID, chat_id: UUID, banned: UUID) -> None:
        """Take somebody out for good: no link lets them in again. Raises NotFound or NotAllowed."""
        change = ask(_queries.remove_member, chat_id=chat_id, user_id=banned, ban=True)
        await self._make(user_id, chat_id, change, Crossing.OUT)

    async def lift_ban(self, user_id: UUID, chat_id: UUID, banned: UUID) -> None:
        """Let somebody in again, when they are added or use a link. Raises NotFound or NotAllowed."""
        await self._make(user_id, chat_id, ask(_queries.lift_ban, chat_id=chat_id, user_id=banned))

    async def list_bans(self, user_id: UUID, chat_id: UUID) -> list[Ban]:
        """Who is banned. Raises NotFound or NotAllowed."""

        async def work(transaction: Transaction) -> list[Ban]:
            await check_admin(transaction, user_id, chat_id)
            return await transaction.fetch_all(Ban, _queries.list_bans, chat_id=chat_id)

        return await self._switchboard.unit_of_work(user_id, work)

    async def set_role(self, user_id: UUID, chat_id: UUID, member: UUID, new: NewRole) -> None:
        """Give a member a role. Raises NotFound or NotAllowed."""
        change = ask(_queries.set_role, chat_id=chat_id, user_id=member, role=new.role)
        await self._make(user_id, chat_id, change)

    async def change(self, user_id: UUID, chat_id: UUID, changes: GroupChanges) -> Chat:
        """Rename a group, or change who may do what. Raises NotFound or NotAllowed."""
        wanted = changes.model_dump_json(exclude_none=True)
        await self._make(user_id, chat_id, ask(_queries.change_group, chat_id=chat_id, changes=wanted))
        return await self._read(user_id, chat_id)

    async def set_picture(self, user_id: UUID, chat_id: UUID, content: bytes) -> Chat:
        """Give a group a picture: a PNG, JPEG or WebP of at most 1 MB. Raises NotFound, NotAllowed or InvalidInput."""
        self._limits.take(str(user_id), "change")

        async def ask_first(transaction: Transaction) -> None:
            await check_member(transaction, user_id, chat_id)

        async def show(record: Record) -> Change:
            async def work(transaction: Transaction) -> Change:
                changes = to_json({"avatar_url": await record(transaction)}).decode()
                return await ask(_queries.change_group, chat_id=chat_id, changes=changes)(transaction)

            return await self._changes.make(user_id, chat_id, work)

        # Before the bytes are put anywhere.
        await self._switchboard.unit_of_work(user_id, ask_first)
        await self._files.keep_picture(user_id, content, show)
        return await self._read(user_id, chat_id)

    async def remove_picture(self, user_id: UUID, chat_id: UUID) -> Chat:
        """Show no picture any more. Raises NotFound or NotAllowed."""
        change = ask(_queries.change_group, chat_id=chat_id, changes='{"avatar_url": null}')
        await self._make(user_id, chat_id, change)
        return await self._read(user_id, chat_id)

    async def _make(
        self,
        user_id: UUID,
        chat_id: UUID,
        change: Callable[[Transaction], Awaitable[Change]],
        crossing: Crossing = Crossing.NONE,
    ) -> None:
        self._limits.take(str(user_id), "change")
        await self._changes.make(user_id, chat_id, change, crossing)

    async def _read(self, user_id: UUID, chat_id: UUID) -> Chat:
        async def work(transaction: Transaction) -> Chat:
            return await read_chat(transaction, user_id, chat_id)

        return await self._switchboard.unit_of_work(user_id, work)
