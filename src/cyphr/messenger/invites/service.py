"""The rules of links: who makes one, what it tells, and coming in by it."""

import secrets
from uuid import UUID

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.chats.changes import Changes, Crossing, ask, refusal, refuse
from cyphr.messenger.chats.models import Chat
from cyphr.messenger.chats.reading import check_admin, read_chat
from cyphr.messenger.invites.models import Invite, InvitePreview, NewInvite
from cyphr.messenger.limits import TokenBuckets

_queries = load_queries(__package__)

_TOKEN_BYTES = 16


class Invites:
    """Makes and revokes links, and lets people in by them."""

    def __init__(self, switchboard: Switchboard, changes: Changes) -> None:
        self._switchboard = switchboard
        self._changes = changes
        self._limits = TokenBuckets(20, burst=60)

    async def create(self, user_id: UUID, chat_id: UUID, new: NewInvite) -> Invite:
        """Make a link. Raises NotFound, NotAllowed, InvalidInput, Conflict when there are too many, or RateLimited."""
        if new.expires_at is not None and new.expires_at <= now():
            raise InvalidInput("expires_at has passed already")
        self._limits.take(str(user_id), "make a link")
        invite_id, token = uuid7(), secrets.token_urlsafe(_TOKEN_BYTES)

        async def work(transaction: Transaction) -> Invite:
            outcome = await transaction.fetch_value(
                _queries.create_invite,
                invite_id=invite_id,
                chat_id=chat_id,
                token=token,
                expires_at=new.expires_at,
                max_uses=new.max_uses,
            )
            refuse(outcome)
            invite = await transaction.fetch_one(Invite, _queries.list_invites, chat_id=chat_id, only=invite_id)
            assert invite is not None, "who may make a link sees it"
            return invite

        return await self._switchboard.unit_of_work(user_id, work)

    async def list_invites(self, user_id: UUID, chat_id: UUID) -> list[Invite]:
        """The group's links. Raises NotFound or NotAllowed."""

        async def work(transaction: Transaction) -> list[Invite]:
            await check_admin(transaction, user_id, chat_id)
            return await transaction.fetch_all(Invite, _queries.list_invites, chat_id=chat_id, only=None)

        return await self._switchboard.unit_of_work(user_id, work)

    async def revoke(self, user_id: UUID, chat_id: UUID, invite_id: UUID) -> None:
        """Let a link work no longer. Raises NotFound or NotAllowed."""

        async def work(transaction: Transaction) -> None:
            refuse(await transaction.fetch_value(_queries.revoke_invite, chat_id=chat_id, invite_id=invite_id))

        await self._switchboard.unit_of_work(user_id, work)

    async def preview(self, user_id: UUID, token: str) -> InvitePreview:
        """What a link leads to. Raises NotFound, for whatever reason it does not work, or RateLimited."""
        self._limits.take(str(user_id), "follow a link")

        async def work(transaction: Transaction) -> InvitePreview | None:
            return await transaction.fetch_one(InvitePreview, _queries.preview_invite, token=token)

        preview = await self._switchboard.unit_of_work(user_id, work)
        if preview is None:
            raise refusal("dead_link")
        return preview

    async def join(self, user_id: UUID, token: str) -> Chat:
        """Come in by a link. Raises NotFound, for whatever reason it does not work, Conflict or RateLimited."""
        self._limits.take(str(user_id), "follow a link")

        async def find(transaction: Transaction) -> UUID | None:
            chat_id: UUID | None = await transaction.fetch_value(_queries.invited_to, token=token)
            return chat_id

        chat_id = await self._switchboard.unit_of_work(user_id, find)
        if chat_id is None:
            raise refusal("dead_link")
        await self._changes.make(user_id, chat_id, ask(_queries.join_by_invite, token=token), Crossing.IN)
        return await self._read(user_id, chat_id)

    async def _read(self, user_id: UUID, chat_id: UUID) -> Chat:
        async def work(transaction: Transaction) -> Chat:
            return await read_chat(transaction, user_id, chat_id)

        return await self._switchboard.unit_of_work(user_id, work)
