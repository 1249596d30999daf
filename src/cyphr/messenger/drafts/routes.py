"""/v1/drafts and /v1/chats/{id}/draft."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from cyphr.messenger.drafts.models import Draft, Drafts, NewDraft
from cyphr.messenger.drafts.service import DraftKeeper
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(tags=["drafts"])


def _drafts(request: Request) -> DraftKeeper:
    drafts: DraftKeeper = request.app.state.messenger.drafts
    return drafts


Service = Annotated[DraftKeeper, Depends(_drafts)]


@router.get("/v1/drafts")
async def list_drafts(
    identity: SignedIn,
    drafts: Service,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 50,
) -> Drafts:
    """What one has begun to write, newest first."""
    return await drafts.list(identity.user_id, cursor=cursor, limit=limit)


@router.put("/v1/chats/{chat_id}/draft")
async def put_draft(chat_id: UUID, body: NewDraft, identity: SignedIn, drafts: Service) -> Draft:
    """Keep what is written so far; one's other devices hear of it."""
    return await drafts.put(identity.user_id, chat_id, body)


@router.delete("/v1/chats/{chat_id}/draft", status_code=204)
async def delete_draft(chat_id: UUID, identity: SignedIn, drafts: Service) -> None:
    """Forget it: it was sent or given up."""
    await drafts.delete(identity.user_id, chat_id)
