"""The rules of drafts."""

from uuid import UUID

from cyphr.foundation.errors import NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.drafts.models import Draft, Drafts, NewDraft
from cyphr.messenger.messages.cursors import Place, read_cursor
from cyphr.messenger.messages.postman import Event, EventKind, Postman, encode

_queries = load_queries(__package__)


class DraftKeeper:
    """Keeps one draft for each person and chat, and tells the person's own connections."""

    def __init__(self, switchboard: Switchboard, postman: Postman) -> None:
        self._switchboard = switchboard
        self._postman = postman

    async def put(self, user_id: UUID, chat_id: UUID, new: NewDraft) -> Draft:
        """Keep what is written so far. Raises NotFound."""

        async def work(transaction: Transaction) -> Draft | None:
            return await transaction.fetch_one(
                Draft,
                _queries.put_draft,
                user_id=user_id,
                chat_id=chat_id,
                content=new.content,
                reply_to_id=new.reply_to_id,
            )

        draft = await self._switchboard.unit_of_work(user_id, work)
        if draft is None:
            raise NotFound("there is no such chat among yours")
        await self._tell(user_id, chat_id, draft)
        return draft

    async def delete(self, user_id: UUID, chat_id: UUID) -> None:
        """Forget the draft, if there is one."""

        async def work(transaction: Transaction) -> int:
            return await transaction.execute(_queries.delete_draft, user_id=user_id, chat_id=chat_id)

        if await self._switchboard.unit_of_work(user_id, work):
            await self._tell(user_id, chat_id, None)

    async def list(self, user_id: UUID, *, cursor: str | None, limit: int) -> Drafts:
        """One's drafts, newest first. Raises InvalidInput."""
        before = read_cursor(cursor)

        async def work(transaction: Transaction) -> list[Draft]:
            return await transaction.fetch_all(
                Draft,
                _queries.list_drafts,
                user_id=user_id,
                before=before.moment,
                before_chat_id=before.id,
                limit=limit + 1,
            )

        rows = await self._switchboard.unit_of_work(user_id, work)
        page = rows[:limit]
        more = len(rows) > limit
        return Drafts(drafts=page, next=str(Place(page[-1].updated_at, page[-1].chat_id)) if more else None)

    async def _tell(self, user_id: UUID, chat_id: UUID, draft: Draft | None) -> None:
        text = encode("draft", chat_id, d={"draft": draft})
        await self._postman.deliver([user_id], Event(EventKind.DRAFT, chat_id, text, about=user_id))
