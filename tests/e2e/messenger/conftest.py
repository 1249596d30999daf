"""The messenger, served by uvicorn on a loopback port over real databases."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from cyphr.embedded.mailbox import Mailbox
from cyphr.embedded.pushes import PushInbox
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.core import sns_channel
from cyphr.messenger.http import SERVER_OPTIONS, create_app
from cyphr.messenger.sessions import pins
from tests.conftest import Server, TestSide
from tests.e2e.messenger.client import Client, register

Friends = list[Client]
Register = Callable[..., Awaitable[Client]]

# For what no database takes part in: one side shows it as well as two.
on_one_side = pytest.mark.parametrize("side", ["aws_side"], indirect=True)
# For what is the same SQL on both: on one of them by default, on the other in the soak.
on_the_other_side_in_the_soak = pytest.mark.parametrize(
    "side", ["aws_side", pytest.param("supabase_side", marks=pytest.mark.soak)], indirect=True
)


@asynccontextmanager
async def serve(
    settings: MessengerSettings, *, listener: socket.socket | None = None, dear_pins: bool = False
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application until the block ends, then shut it down gracefully.

    ``dear_pins``: hashed as in production. Elsewhere cheaply, for that is most of what registering a person costs.
    """
    mailbox, pushes = Mailbox(), PushInbox(sns_channel(settings))
    with pytest.MonkeyPatch.context() as patch:
        if not dear_pins:
            patch.setattr(pins, "_PASSES", 1)
            patch.setattr(pins, "_MEMORY_KIB", 64)
        app = create_app(settings, mail=mailbox, channel=pushes, extra=[mailbox.router(), pushes.router()])
    async with serve_app(app, listener=listener) as client:
        yield client


@asynccontextmanager
async def serve_app(app: FastAPI, *, listener: socket.socket | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Serve any application, on a loopback port that the system chooses unless ``listener`` is bound to one."""
    server = uvicorn.Server(uvicorn.Config(app, **SERVER_OPTIONS))
    with listener or socket.socket() as bound:
        if listener is None:
            bound.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server._serve(sockets=[bound]))
        while not server.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0.01)
        try:
            host, port = bound.getsockname()
            # Shorter than the server keeps a connection, so that none is used at the moment in which it is closed.
            # And few in wait: httpx looks at each of them, for each of them, with every request.
            limits = httpx.Limits(keepalive_expiry=2, max_keepalive_connections=8)
            base_url = f"http://{host}:{port}"
            async with httpx.AsyncClient(base_url=base_url, timeout=30, limits=limits, verify=False) as client:
                yield client
        finally:
            server.should_exit = True
            await task


def settings_for(*sides: TestSide, token_key: Path, **more: Any) -> MessengerSettings:
    databases = {f"{side.side}_database": side.app for side in sides}
    return MessengerSettings(token_key_file=token_key, pool_size=4, **databases, **more)


@pytest_asyncio.fixture(scope="module")
async def supabase_side(supabase_server: Server) -> AsyncIterator[TestSide]:
    async with supabase_server.database(supabase_server.full) as side:
        yield side


@pytest_asyncio.fixture(scope="module")
async def aws_side(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.full) as side:
        yield side


@pytest.fixture(scope="module", params=["supabase_side", "aws_side"])
def side(request: pytest.FixtureRequest) -> TestSide:
    """Each side in turn; the tests of a file share its database, each with people of its own."""
    standing: TestSide = request.getfixturevalue(request.param)
    return standing


@pytest_asyncio.fixture(scope="module")
async def http(side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The messenger standing on each side in turn."""
    async with serve(settings_for(side, token_key=token_key)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def friends(http: httpx.AsyncClient) -> Friends:
    """Three people for all tests of a file; each test makes chats of its own."""
    return await asyncio.gather(*(register(http, name) for name in ("Anna", "Boris", "Clara")))


@pytest_asyncio.fixture
async def join(http: httpx.AsyncClient) -> Register:
    """Registers a person at the running messenger."""

    async def register_here(name: str = "Anna", **members: Any) -> Client:
        return await register(http, name, **members)

    return register_here
