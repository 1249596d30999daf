"""/v1/me/privacy and /v1/chats/{id}/presence."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from cyphr.messenger.presence.models import MemberPresence, Privacy
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1", tags=["presence"])


def _presence(request: Request) -> Presence:
    presence: Presence = request.app.state.messenger.presence
    return presence


Service = Annotated[Presence, Depends(_presence)]


@router.get("/me/privacy")
async def read_privacy(identity: SignedIn, presence: Service) -> Privacy:
    """What one shows of oneself."""
    return await presence.read_privacy(identity.user_id)


@router.put("/me/privacy")
async def set_privacy(body: Privacy, identity: SignedIn, presence: Service) -> Privacy:
    """Say what one shows of oneself, from now on."""
    return await presence.set_privacy(identity.user_id, body)


@router.get("/chats/{chat_id}/presence")
async def read_presence(chat_id: UUID, identity: SignedIn, presence: Service) -> list[MemberPresence]:
    """Which of the other members are here, of those who show it. Who has the chat open hears of changes."""
    return await presence.read_presence(identity.user_id, chat_id)
