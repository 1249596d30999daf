"""/v1/chats/{id}/invites, and what whoever holds a link may do."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.chats.models import Chat
from cyphr.messenger.invites.models import Invite, InvitePreview, NewInvite, Token
from cyphr.messenger.invites.service import Invites
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1", tags=["invites"])


def _invites(request: Request) -> Invites:
    invites: Invites = request.app.state.messenger.invites
    return invites


Service = Annotated[Invites, Depends(_invites)]


@router.post("/chats/{chat_id}/invites", status_code=201)
async def create_invite(chat_id: UUID, body: NewInvite, identity: SignedIn, invites: Service) -> Invite:
    """Make a link by which people come into a group."""
    return await invites.create(identity.user_id, chat_id, body)


@router.get("/chats/{chat_id}/invites")
async def list_invites(chat_id: UUID, identity: SignedIn, invites: Service) -> list[Invite]:
    """A group's links, for those who administer it; those that still work first."""
    return await invites.list_invites(identity.user_id, chat_id)


@router.delete("/chats/{chat_id}/invites/{invite_id}", status_code=204)
async def revoke_invite(chat_id: UUID, invite_id: UUID, identity: SignedIn, invites: Service) -> Response:
    """Let a link work no longer. Who came in by it stays."""
    await invites.revoke(identity.user_id, chat_id, invite_id)
    return Response(status_code=204)


@router.get("/invites/{token}")
async def preview_invite(token: Token, identity: SignedIn, invites: Service) -> InvitePreview:
    """What a link leads to, without joining and without telling who is there."""
    return await invites.preview(identity.user_id, token)


@router.post("/invites/{token}/join")
async def join_by_invite(token: Token, identity: SignedIn, invites: Service) -> Chat:
    """Come into a group by a link. Again: nothing happens."""
    return await invites.join(identity.user_id, token)
