"""/v1/ws."""

import asyncio

from fastapi import WebSocket, WebSocketDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from cyphr.messenger.realtime.service import Disconnected, Realtime

_CLOSE_SECONDS = 20.0
_PATH = "/v1/ws"


class _Socket:
    """Starlette's WebSocket as ``ClientSocket``."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send_text(self, data: str) -> None:
        try:
            await self._websocket.send_text(data)
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: after the close
            raise Disconnected from error

    async def close(self, code: int) -> None:
        try:
            # One that takes nothing any more would not take the close either.
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._websocket.close(code)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return


async def converse(websocket: WebSocket) -> None:
    """The wire protocol; the token comes in the first frame, never in the address."""
    await websocket.accept()
    realtime: Realtime = websocket.app.state.messenger.realtime
    await realtime.serve(_Socket(websocket))


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
