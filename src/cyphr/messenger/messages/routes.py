"""/v1/chats/{id}/messages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from cyphr.messenger.messages.models import Ack, NewMessage, Page
from cyphr.messenger.messages.service import LONGEST_PAGE, Messages
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/chats/{chat_id}/messages", tags=["messages"])

_Place = Annotated[int | None, Query(ge=0, lt=2**62, description="A seq of this chat, exclusive.")]


def _messages(request: Request) -> Messages:
    messages: Messages = request.app.state.messenger.messages
    return messages


Service = Annotated[Messages, Depends(_messages)]


@router.get("")
async def read_history(
    chat_id: UUID,
    identity: SignedIn,
    messages: Service,
    after: _Place = None,
    before: _Place = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 50,
) -> Page:
    """Part of the history, ascending: after a place, before one, or the newest."""
    return await messages.read_history(identity.user_id, chat_id, after=after, before=before, limit=limit)


@router.post("", status_code=201, responses={200: {"model": Ack, "description": "A repeat: the first Ack again."}})
async def send_message(
    chat_id: UUID, body: NewMessage, identity: SignedIn, messages: Service, response: Response
) -> Ack:
    """Send a message. The id is the client's: sending it again is safe."""
    ack, repeated = await messages.send(identity.user_id, chat_id, body)
    if repeated:
        response.status_code = 200
    return ack
