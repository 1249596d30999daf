"""One message looked at closely: what it said before, how far it has got, who reacted."""

from uuid import UUID

from cyphr.foundation.errors import NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.models import FormerText, Message, Reactions, Receipt, Receipts

_queries = load_queries(__package__)


class MessageDetails:
    """Answers questions about single messages."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def read_message(self, user_id: UUID, chat_id: UUID, message_id: UUID) -> Message:
        """One message. Raises NotFound."""

        async def work(transaction: Transaction) -> Message | None:
            return await transaction.fetch_one(Message, _queries.find_message, chat_id=chat_id, message_id=message_id)

        message = await self._switchboard.unit_of_work(user_id, work)
        if message is None:
            raise NotFound("there is no such message in a chat of yours")
        return message

    async def read_edits(self, user_id: UUID, chat_id: UUID, message_id: UUID) -> list[FormerText]:
        """What a message said before, oldest first; nothing once it is gone. Raises NotFound."""
        await self.read_message(user_id, chat_id, message_id)

        async def work(transaction: Transaction) -> list[FormerText]:
            return await transaction.fetch_all(FormerText, _queries.list_edits, chat_id=chat_id, message_id=message_id)

        return await self._switchboard.unit_of_work(user_id, work)

    async def read_receipts(
        self, user_id: UUID, chat_id: UUID, message_id: UUID, *, cursor: UUID | None, limit: int
    ) -> Receipts:
        """How far a message has got with each member but its sender. Raises NotFound."""
        await self.read_message(user_id, chat_id, message_id)

        async def work(transaction: Transaction) -> list[Receipt]:
            return await transaction.fetch_all(
                Receipt,
                _queries.list_receipts,
                chat_id=chat_id,
                message_id=message_id,
                cursor=cursor,
                limit=limit + 1,
            )

        rows = await self._switchboard.unit_of_work(user_id, work)
        page = rows[:limit]
        return Receipts(receipts=page, next=page[-1].user_id if len(rows) > limit else None)

    async def read_reactions(
        self, user_id: UUID, chat_id: UUID, message_id: UUID, emoji: str, *, cursor: UUID | None, limit: int
    ) -> Reactions:
        """Who chose this emoji. Raises NotFound."""
        await self.read_message(user_id, chat_id, message_id)

        async def work(transaction: Transaction) -> list[UUID]:
            parameters = {"message_id": message_id, "emoji": emoji, "cursor": cursor, "limit": limit + 1}
            found = await transaction.connection.execute(_queries.list_reacting, parameters)
            return [row[0] for row in await found.fetchall()]

        rows = await self._switchboard.unit_of_work(user_id, work)
        return Reactions(user_ids=rows[:limit], next=rows[limit - 1] if len(rows) > limit else None)
