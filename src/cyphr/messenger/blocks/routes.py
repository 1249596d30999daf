"""/v1/me/blocks and /v1/me/chat-privacy."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.blocks.models import ChatPrivacy
from cyphr.messenger.blocks.service import Blocks
from cyphr.messenger.people.models import Person
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/me", tags=["blocks"])


def _blocks(request: Request) -> Blocks:
    blocks: Blocks = request.app.state.messenger.blocks
    return blocks


Service = Annotated[Blocks, Depends(_blocks)]


@router.get("/blocks")
async def list_blocked(identity: SignedIn, blocks: Service) -> list[Person]:
    """Whom one blocks."""
    return await blocks.list_blocked(identity.user_id)


@router.put("/blocks/{user_id}", status_code=204)
async def block(user_id: UUID, identity: SignedIn, blocks: Service) -> Response:
    """Block somebody: no messages in the direct chat, no groups by them. They are not told."""
    await blocks.block(identity.user_id, user_id)
    return Response(status_code=204)


@router.delete("/blocks/{user_id}", status_code=204)
async def unblock(user_id: UUID, identity: SignedIn, blocks: Service) -> Response:
    """Block somebody no longer."""
    await blocks.unblock(identity.user_id, user_id)
    return Response(status_code=204)


@router.get("/chat-privacy")
async def read_privacy(identity: SignedIn, blocks: Service) -> ChatPrivacy:
    """Who may add one to groups."""
    return await blocks.read_privacy(identity.user_id)


@router.put("/chat-privacy")
async def set_privacy(body: ChatPrivacy, identity: SignedIn, blocks: Service) -> ChatPrivacy:
    """Say who may add one to groups."""
    return await blocks.set_privacy(identity.user_id, body)
