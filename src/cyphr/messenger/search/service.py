"""The rules of search."""

from datetime import datetime
from uuid import UUID

from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.cursors import Place, read_cursor
from cyphr.messenger.messages.models import Message
from cyphr.messenger.messages.texts import utf16_length
from cyphr.messenger.search.models import Highlight, Hit, Hits

_queries = load_queries(__package__)

_OPENS, _CLOSES = "\x02", "\x03"


class Found(Message):
    """A message with the place where the words are."""

    snippet: str
    found_at: datetime


class Search:
    """Finds words in the messages that a person may read."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def find(self, user_id: UUID, words: str, *, chat_id: UUID | None, cursor: str | None, limit: int) -> Hits:
        """Messages with all the words, in whatever form; "quoted" words stand together, -word is left out.

        Raises InvalidInput.
        """
        before = read_cursor(cursor)

        async def work(transaction: Transaction) -> list[Found]:
            return await transaction.fetch_all(
                Found,
                _queries.find_messages,
                words=words,
                chat_id=chat_id,
                before=before.moment,
                before_id=before.id,
                limit=limit + 1,
            )

        rows = await self._switchboard.unit_of_work(user_id, work)
        page = rows[:limit]
        more = len(rows) > limit
        return Hits(hits=[_hit(one) for one in page], next=str(Place(page[-1].found_at, page[-1].id)) if more else None)


def _hit(found: Found) -> Hit:
    snippet, highlights = "", []
    for part in found.snippet.split(_OPENS):
        marked, closed, rest = part.partition(_CLOSES)
        if closed:
            highlights.append(Highlight(start=utf16_length(snippet), length=utf16_length(marked)))
        snippet += marked + rest
    message = Message.model_validate(found.model_dump(exclude={"snippet", "found_at"}))
    return Hit(message=message, snippet=snippet, highlights=highlights)
