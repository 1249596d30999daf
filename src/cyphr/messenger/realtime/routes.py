"""/v1/ws, where it is, and the door for other servers' events."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, WebSocket
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from cyphr.foundation.errors import NotFound
from cyphr.messenger.limits import is_welcome
from cyphr.messenger.realtime.processes import PATH, SIGNATURE, Consignment, Undelivered
from cyphr.messenger.realtime.relocation import Relocation
from cyphr.messenger.realtime.service import EXTENSION, Realtime

_NOT_ALLOWED = 1008
_PATH = "/v1/ws"

router = APIRouter()


class Addresses(BaseModel):
    """Where a client finds the rest. ``websocket``: its URL; null: ``/v1/ws`` of this API's own address."""

    websocket: str | None


def _relocation(request: Request) -> Relocation:
    relocation: Relocation = request.app.state.messenger.relocation
    return relocation


@router.get("/v1/addresses", tags=["operations"])
async def addresses(relocation: Annotated[Relocation, Depends(_relocation)]) -> Addresses:
    """Where the WebSocket is; while realtime is migrated, on the side where it stands."""
    return Addresses(websocket=await relocation.address())


async def converse(websocket: WebSocket) -> None:
    """The wire protocol; the token comes in the first frame, never in the address."""
    messenger = websocket.app.state.messenger
    headers, origins = websocket.headers, messenger.settings.realtime.origins
    if not is_welcome(headers.get("origin"), headers.get("host"), origins):
        await websocket.close(_NOT_ALLOWED)
        return
    await websocket.accept()
    realtime: Realtime = messenger.realtime
    await realtime.serve(websocket.scope["extensions"][EXTENSION])


@router.post(PATH, include_in_schema=False)
async def accept(request: Request, signature: Annotated[str, Header(alias=SIGNATURE)] = "") -> Undelivered:
    """Events that another server of this deployment has for connections of this process."""
    messenger = request.app.state.messenger
    if messenger.shared is None:
        raise NotFound("this server shares its connections with no other")
    body = await request.body()
    messenger.shared.seal.check(signature, body)
    realtime: Realtime = messenger.realtime
    return realtime.accept(Consignment.model_validate_json(body))


class Door:
    """ASGI middleware: a WebSocket goes straight to its conversation.

    All that a request passes for its route and its errors would stay alive for as long as the connection lasts, and be
    passed by each frame.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == _PATH:
            await converse(WebSocket(scope, receive, send))
        else:
            await self._app(scope, receive, send)
