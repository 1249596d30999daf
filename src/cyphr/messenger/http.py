"""The HTTP application: every feature's routes behind one edge."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

import cyphr.messenger.accounts.routes
import cyphr.messenger.admin.routes
import cyphr.messenger.blocks.routes
import cyphr.messenger.chats.routes
import cyphr.messenger.cognito.routes
import cyphr.messenger.devices.routes
import cyphr.messenger.discovery.routes
import cyphr.messenger.drafts.routes
import cyphr.messenger.files.routes
import cyphr.messenger.groups.routes
import cyphr.messenger.health
import cyphr.messenger.identities.routes
import cyphr.messenger.invites.routes
import cyphr.messenger.messages.routes
import cyphr.messenger.mfa.routes
import cyphr.messenger.presence.routes
import cyphr.messenger.push.routes
import cyphr.messenger.realtime.routes
import cyphr.messenger.search.routes
import cyphr.messenger.sessions.routes
import cyphr.messenger.switchboard.routes
from cyphr.foundation.cancellation import end
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.app import Messenger, build_messenger
from cyphr.messenger.edge import Edge
from cyphr.messenger.problems import answer_errors, describe_errors
from cyphr.messenger.push.channel import Channel
from cyphr.messenger.realtime.models import LARGEST_FRAME
from cyphr.messenger.realtime.routes import Door
from cyphr.messenger.web import WebClient

SERVER_OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "cyphr.messenger.patience:ImpatientProtocol",
    "ws": "cyphr.messenger.realtime.protocol:RealtimeProtocol",
    "ws_max_size": LARGEST_FRAME,
    "ws_per_message_deflate": False,
    "timeout_graceful_shutdown": 10,
    "access_log": False,
    "log_config": None,
}
"""How uvicorn must be run with this application: ``uvicorn.Config(app, **SERVER_OPTIONS, host=…, port=…)``."""

_ROUTERS = (
    cyphr.messenger.accounts.routes.router,
    cyphr.messenger.admin.routes.router,
    cyphr.messenger.sessions.routes.router,
    cyphr.messenger.sessions.routes.keys,
    cyphr.messenger.cognito.routes.router,
    cyphr.messenger.identities.routes.router,
    cyphr.messenger.mfa.routes.router,
    cyphr.messenger.devices.routes.router,
    cyphr.messenger.files.routes.router,
    cyphr.messenger.discovery.routes.router,
    cyphr.messenger.chats.routes.router,
    cyphr.messenger.groups.routes.router,
    cyphr.messenger.invites.routes.router,
    cyphr.messenger.blocks.routes.router,
    cyphr.messenger.messages.routes.router,
    cyphr.messenger.drafts.routes.router,
    cyphr.messenger.search.routes.router,
    cyphr.messenger.presence.routes.router,
    cyphr.messenger.push.routes.router,
    cyphr.messenger.realtime.routes.router,
    cyphr.messenger.switchboard.routes.router,
    cyphr.messenger.health.router,
)


def create_app(
    settings: MessengerSettings, *, mail: Mail, channel: Channel | None = None, extra: Sequence[APIRouter] = ()
) -> FastAPI:
    """The messenger as an ASGI application. ``channel``: how pushes leave; none: through SNS. ``extra``: further routes
    of whoever runs it, before the web client's.

    Raises InvalidInput when the token key cannot be read. Connects to nothing before it is started.
    """
    return build_app(settings, build_messenger(settings, mail, channel), extra=extra)


def build_app(settings: MessengerSettings, messenger: Messenger, *, extra: Sequence[APIRouter] = ()) -> FastAPI:
    """The application over a messenger that is built already; its lifespan opens and closes it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await messenger.open()
        beside = asyncio.create_task(messenger.run())
        try:
            yield
        finally:
            await end(beside)
            messenger.metrics.flush()
            await messenger.close()

    app = FastAPI(
        title="Cyphr",
        version="1",
        summary="The messenger's API. WebSocket: /v1/ws.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        # A redirect names the host that the request named: who could choose that would choose where people go.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.messenger = messenger
    for router in (*_ROUTERS, *extra):
        # Not by include_router: each application would analyse every route again, and match each request twice.
        app.router.routes.extend(router.routes)
    if settings.web_folder is not None:
        app.mount("/", WebClient(settings.web_folder), name="web")
    answer_errors(app)
    describe_errors(app)
    app.add_middleware(Door)
    app.add_middleware(Edge, settings=settings)
    return app
