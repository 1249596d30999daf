"""/v1/chats."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.chats.models import Chat, NewChat
from cyphr.messenger.chats.service import Chats
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/chats", tags=["chats"])


def _chats(request: Request) -> Chats:
    chats: Chats = request.app.state.messenger.chats
    return chats


Service = Annotated[Chats, Depends(_chats)]


@router.get("")
async def list_chats(identity: SignedIn, chats: Service) -> list[Chat]:
    """One's chats, newest activity first."""
    return await chats.list_chats(identity.user_id)


@router.post("", status_code=201, responses={200: {"model": Chat, "description": "The direct chat of this pair."}})
async def create_chat(body: NewChat, identity: SignedIn, chats: Service, response: Response) -> Chat:
    """Open a direct chat (there is one for each pair) or make a group."""
    chat, created = await chats.create(identity.user_id, body)
    if not created:
        response.status_code = 200
    return chat
