"""The HTTP application: every feature's routes behind one edge."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from fastapi import APIRouter, FastAPI

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
    ("accounts.routes:router", {"/v1/accounts", "/v1/me"}),
    ("admin.routes:router", {"/v1/admin"}),
    ("sessions.routes:router", {"/v1/sessions"}),
    ("sessions.routes:keys", {"/.well-known/jwks.json"}),
    ("cognito.routes:router", {"/v1/cognito", "/v1/me"}),
    ("identities.routes:router", {"/v1/me"}),
    ("mfa.routes:router", {"/v1/me", "/v1/sessions"}),
    ("devices.routes:router", {"/v1/sessions"}),
    ("files.routes:router", {"/v1/me"}),
    ("discovery.routes:router", {"/v1/people"}),
    ("chats.routes:router", {"/v1/chats"}),
    ("groups.routes:router", {"/v1/chats"}),
    ("invites.routes:router", {"/v1/chats", "/v1/invites"}),
    ("blocks.routes:router", {"/v1/me"}),
    ("messages.routes:router", {"/v1/chats"}),
    ("drafts.routes:router", {"/v1/chats", "/v1/drafts"}),
    ("search.routes:router", {"/v1/search"}),
    ("presence.routes:router", {"/v1/chats", "/v1/me"}),
    ("push.routes:router", {"/v1/me", "/v1/push"}),
    ("realtime.routes:router", {"/@connections", "/v1/addresses"}),
    ("switchboard.routes:router", {"/v1/switchboard"}),
    ("health:router", {"/healthz", "/readyz"}),
)
"""Every router, and how the paths that it answers begin (two segments, or all of a shorter one)."""

BEGINNINGS = frozenset[str]().union(*(beginnings for _, beginnings in _ROUTERS))
"""How the path of any operation begins."""

DESCRIPTION = "/v1/openapi.json"


def beginning_of(path: str) -> str:
    """As much of a path as says which features answer it."""
    return "/".join(path.split("/")[:3])


def create_app(
    settings: MessengerSettings, *, mail: Mail, channel: Channel | None = None, extra: Sequence[APIRouter] = ()
) -> FastAPI:
    """The messenger as an ASGI application. ``channel``: how pushes leave; none: through SNS. ``extra``: further routes
    of whoever runs it, before the web client's.

    Raises InvalidInput when the token key cannot be read. Connects to nothing before it is started.
    """
    return build_app(settings, build_messenger(settings, mail, channel), extra=extra)


def build_app(
    settings: MessengerSettings,
    messenger: Messenger,
    *,
    beginning: str | None = None,
    extra: Sequence[APIRouter] = (),
) -> FastAPI:
    """The application over a messenger that is built already; its lifespan opens and closes it. ``beginning``: the only
    one that paths will have; none: all have to be answered.
    """

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
        openapi_url=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # A redirect names the host that the request named: who could choose that would choose where people go.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.messenger = messenger
    for router in (*_routers(beginning), *extra):
        # Not by include_router: each application would analyse every route again, and match each request twice.
        app.router.routes.extend(router.routes)
    if settings.web_folder is not None:
        app.mount("/", WebClient(settings.web_folder), name="web")
    answer_errors(app)
    describe_errors(app)
    app.add_middleware(Door)
    app.add_middleware(Edge, settings=settings)
    return app


def _routers(beginning: str | None) -> Iterator[APIRouter]:
    # Imported when they are asked for: what a feature's routes take to make is more than to answer from one of them.
    for place, beginnings in _ROUTERS:
        if beginning is None or beginning in beginnings:
            module, name = place.split(":")
            router: APIRouter = getattr(import_module(f"cyphr.messenger.{module}"), name)
            yield router
