"""/v1/chats."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from cyphr.messenger.chats.models import Chat, ChatPlace, Disappearing, MemberPage, Mine, NewChat, NewSettings, Pinned
from cyphr.messenger.chats.service import Chats
from cyphr.messenger.people.models import PlainText
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/chats", tags=["chats"])


def _chats(request: Request) -> Chats:
    chats: Chats = request.app.state.messenger.chats
    return chats


Service = Annotated[Chats, Depends(_chats)]
_LINK = {"Link": {"description": '`<…>; rel="next"`, when there are more.', "schema": {"type": "string"}}}


@router.get("", responses={200: {"headers": _LINK}})
async def list_chats(
    identity: SignedIn,
    chats: Service,
    response: Response,
    after: Annotated[str | None, Query(max_length=100, description="From the link to the next page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[Chat]:
    """One's chats: the pinned ones in their order, then newest activity first."""
    place = None if after is None else ChatPlace.read(after)
    page, following = await chats.list_chats(identity.user_id, after=place, limit=limit)
    if following is not None:
        response.headers["Link"] = f'</v1/chats?after={following}&limit={limit}>; rel="next"'
    return page


@router.post("", status_code=201, responses={200: {"model": Chat, "description": "The direct chat of this pair."}})
async def create_chat(body: NewChat, identity: SignedIn, chats: Service, response: Response) -> Chat:
    """Open a direct chat (there is one for each pair) or make a group."""
    chat, created = await chats.create(identity.user_id, body)
    if not created:
        response.status_code = 200
    return chat


@router.put("/pinned", status_code=204)
async def pin_chats(body: Pinned, identity: SignedIn, chats: Service) -> Response:
    """Pin exactly these chats, at most ten, in this order."""
    await chats.pin(identity.user_id, body.chat_ids)
    return Response(status_code=204)


@router.get("/{chat_id}")
async def read_chat(chat_id: UUID, identity: SignedIn, chats: Service) -> Chat:
    """One chat."""
    return await chats.read_chat(identity.user_id, chat_id)


@router.delete("/{chat_id}", status_code=204)
async def clear_direct_chat(chat_id: UUID, identity: SignedIn, chats: Service) -> Response:
    """Take a direct chat and its history away from oneself, until there is a new message. The other keeps it."""
    await chats.clear_direct(identity.user_id, chat_id)
    return Response(status_code=204)


@router.get("/{chat_id}/members")
async def list_members(
    chat_id: UUID,
    identity: SignedIn,
    chats: Service,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    search: Annotated[PlainText | None, Query(min_length=1, max_length=100, description="Part of a name.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> MemberPage:
    """Who is in a chat, page by page."""
    return await chats.list_members(identity.user_id, chat_id, after=after, search=search, limit=limit)


@router.patch("/{chat_id}/settings")
async def change_settings(chat_id: UUID, body: NewSettings, identity: SignedIn, chats: Service) -> Mine:
    """Mute a chat until a time or for ever, or archive it until its next message; for oneself."""
    return await chats.change_settings(identity.user_id, chat_id, body)


@router.put("/{chat_id}/disappearing", status_code=204)
async def set_disappearing(chat_id: UUID, body: Disappearing, identity: SignedIn, chats: Service) -> Response:
    """Let messages sent from now on disappear after a day, a week or ninety days, or stay. A notice says so."""
    await chats.set_disappearing(identity.user_id, chat_id, body.seconds)
    return Response(status_code=204)
