"""/v1/search."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from cyphr.messenger.search.models import Hits, Words
from cyphr.messenger.search.service import Search
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/search", tags=["search"])


def _search(request: Request) -> Search:
    search: Search = request.app.state.messenger.search
    return search


@router.get("/messages")
async def find_messages(
    identity: SignedIn,
    search: Annotated[Search, Depends(_search)],
    words: Annotated[Words, Query(description='All of them, in any form; "together", -without.')],
    chat_id: Annotated[UUID | None, Query(description="Only in this chat.")] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Hits:
    """Messages of one's own chats in which the words stand, newest first."""
    return await search.find(identity.user_id, words, chat_id=chat_id, cursor=cursor, limit=limit)
