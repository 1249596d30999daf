"""/v1/chats/{id}/messages and what happens to them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from cyphr.messenger.messages.changes import MessageChanges
from cyphr.messenger.messages.details import MessageDetails
from cyphr.messenger.messages.models import (
    Ack,
    Changes,
    Edit,
    Emoji,
    FormerText,
    Message,
    NewMessage,
    Page,
    Reactions,
    Receipts,
)
from cyphr.messenger.messages.service import LONGEST_PAGE, Messages
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/chats/{chat_id}", tags=["messages"])

_Place = Annotated[int | None, Query(ge=0, lt=2**62, description="A seq of this chat, exclusive.")]
_Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]
_Cursor = Annotated[UUID | None, Query(description="`next` of the page before.")]


def _messages(request: Request) -> Messages:
    messages: Messages = request.app.state.messenger.messages
    return messages


def _details(request: Request) -> MessageDetails:
    details: MessageDetails = request.app.state.messenger.message_details
    return details


def _changes(request: Request) -> MessageChanges:
    changes: MessageChanges = request.app.state.messenger.message_changes
    return changes


Service = Annotated[Messages, Depends(_messages)]
Details = Annotated[MessageDetails, Depends(_details)]
Changing = Annotated[MessageChanges, Depends(_changes)]


@router.get("/messages")
async def read_history(
    chat_id: UUID,
    identity: SignedIn,
    messages: Service,
    after: _Place = None,
    before: _Place = None,
    limit: _Limit = 50,
) -> Page:
    """Part of the history, ascending: after a place, before one, or the newest."""
    return await messages.read_history(identity.user_id, chat_id, after=after, before=before, limit=limit)


@router.post(
    "/messages", status_code=201, responses={200: {"model": Ack, "description": "A repeat: the first Ack again."}}
)
async def send_message(
    chat_id: UUID, body: NewMessage, identity: SignedIn, messages: Service, response: Response
) -> Ack:
    """Send a message. The id is the client's: sending it again is safe."""
    ack, repeated = await messages.send(identity.user_id, chat_id, body.id, body)
    if repeated:
        response.status_code = 200
    return ack


@router.get("/changes")
async def read_changes(
    chat_id: UUID,
    identity: SignedIn,
    messages: Service,
    after: Annotated[int, Query(ge=0, lt=2**62, description="The last change held.")] = 0,
    limit: _Limit = 50,
) -> Changes:
    """The messages that changed after a point, as they are now, in the order of the changes."""
    return await messages.read_changes(identity.user_id, chat_id, after=after, limit=limit)


@router.get("/messages/{message_id}")
async def read_message(chat_id: UUID, message_id: UUID, identity: SignedIn, details: Details) -> Message:
    """One message."""
    return await details.read_message(identity.user_id, chat_id, message_id)


@router.put("/messages/{message_id}")
async def edit_message(chat_id: UUID, message_id: UUID, body: Edit, identity: SignedIn, changes: Changing) -> Message:
    """Let one's own message say something else, within 15 minutes. What it said before is kept."""
    return await changes.edit(identity.user_id, chat_id, message_id, body)


@router.delete("/messages/{message_id}", status_code=204)
async def delete_message(
    chat_id: UUID,
    message_id: UUID,
    identity: SignedIn,
    changes: Changing,
    of: Annotated[Literal["all", "me"], Query(alias="for", description="Whose copy.")] = "all",
) -> None:
    """Delete a message for everybody, or only for oneself."""
    if of == "me":
        await changes.hide(identity.user_id, chat_id, message_id)
    else:
        await changes.delete(identity.user_id, chat_id, message_id)


@router.get("/messages/{message_id}/edits")
async def read_edits(chat_id: UUID, message_id: UUID, identity: SignedIn, details: Details) -> list[FormerText]:
    """What a message said before, oldest first."""
    return await details.read_edits(identity.user_id, chat_id, message_id)


@router.get("/messages/{message_id}/receipts")
async def read_receipts(
    chat_id: UUID,
    message_id: UUID,
    identity: SignedIn,
    details: Details,
    cursor: _Cursor = None,
    limit: _Limit = LONGEST_PAGE,
) -> Receipts:
    """How far a message has got with each member but its sender."""
    return await details.read_receipts(identity.user_id, chat_id, message_id, cursor=cursor, limit=limit)


@router.get("/messages/{message_id}/reactions/{emoji}")
async def read_reactions(
    chat_id: UUID,
    message_id: UUID,
    emoji: Emoji,
    identity: SignedIn,
    details: Details,
    cursor: _Cursor = None,
    limit: _Limit = LONGEST_PAGE,
) -> Reactions:
    """Who chose this emoji."""
    return await details.read_reactions(identity.user_id, chat_id, message_id, emoji, cursor=cursor, limit=limit)


@router.put("/messages/{message_id}/reactions/{emoji}")
async def add_reaction(chat_id: UUID, message_id: UUID, emoji: Emoji, identity: SignedIn, changes: Changing) -> Message:
    """React with one emoji. Of each kind a person has one."""
    return await changes.react(identity.user_id, chat_id, message_id, emoji, wanted=True)


@router.delete("/messages/{message_id}/reactions/{emoji}")
async def remove_reaction(
    chat_id: UUID, message_id: UUID, emoji: Emoji, identity: SignedIn, changes: Changing
) -> Message:
    """Take one's reaction back."""
    return await changes.react(identity.user_id, chat_id, message_id, emoji, wanted=False)
