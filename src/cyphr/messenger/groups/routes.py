"""What is done to groups: /v1/chats/{id} and what is below it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, UploadFile

from cyphr.messenger.chats.models import Chat
from cyphr.messenger.files.service import LARGEST_AVATAR
from cyphr.messenger.groups.models import Added, Ban, GroupChanges, NewMembers, NewRole
from cyphr.messenger.groups.service import Groups
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/chats/{chat_id}", tags=["groups"])


def _groups(request: Request) -> Groups:
    groups: Groups = request.app.state.messenger.groups
    return groups


Service = Annotated[Groups, Depends(_groups)]


@router.patch("")
async def change_group(chat_id: UUID, body: GroupChanges, identity: SignedIn, groups: Service) -> Chat:
    """Rename a group, or change who may do what in it."""
    return await groups.change(identity.user_id, chat_id, body)


@router.put("/picture")
async def set_picture(chat_id: UUID, file: UploadFile, identity: SignedIn, groups: Service) -> Chat:
    """Give a group a picture: a PNG, JPEG or WebP of at most 1 MB."""
    return await groups.set_picture(identity.user_id, chat_id, await file.read(LARGEST_AVATAR + 1))


@router.delete("/picture")
async def remove_picture(chat_id: UUID, identity: SignedIn, groups: Service) -> Chat:
    """Show no picture any more."""
    return await groups.remove_picture(identity.user_id, chat_id)


@router.post("/members")
async def add_members(chat_id: UUID, body: NewMembers, identity: SignedIn, groups: Service) -> Added:
    """Add people to a group."""
    return await groups.add_members(identity.user_id, chat_id, body.user_ids)


@router.delete("/members/{user_id}", status_code=204)
async def remove_member(chat_id: UUID, user_id: UUID, identity: SignedIn, groups: Service) -> Response:
    """Take somebody out of a group, or leave it oneself. When the owner leaves, the longest-serving admin follows."""
    await groups.remove_member(identity.user_id, chat_id, user_id)
    return Response(status_code=204)


@router.put("/members/{user_id}/role", status_code=204)
async def set_role(chat_id: UUID, user_id: UUID, body: NewRole, identity: SignedIn, groups: Service) -> Response:
    """Make a member an admin or a member again, or hand the group over; the owner may."""
    await groups.set_role(identity.user_id, chat_id, user_id, body)
    return Response(status_code=204)


@router.get("/bans")
async def list_bans(chat_id: UUID, identity: SignedIn, groups: Service) -> list[Ban]:
    """Who is banned from a group, for those who administer it."""
    return await groups.list_bans(identity.user_id, chat_id)


@router.put("/bans/{user_id}", status_code=204)
async def ban(chat_id: UUID, user_id: UUID, identity: SignedIn, groups: Service) -> Response:
    """Take a member out of a group for good, or keep out somebody who has left it."""
    await groups.ban(identity.user_id, chat_id, user_id)
    return Response(status_code=204)


@router.delete("/bans/{user_id}", status_code=204)
async def lift_ban(chat_id: UUID, user_id: UUID, identity: SignedIn, groups: Service) -> Response:
    """Allow somebody to come back."""
    await groups.lift_ban(identity.user_id, chat_id, user_id)
    return Response(status_code=204)
