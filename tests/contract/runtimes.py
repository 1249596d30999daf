"""The messenger in both runtimes, over real sockets: a process, and functions behind the stand-in's API Gateway."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.front import create_front
from cyphr.embedded.functions import Functions
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import MessengerSettings, RealtimeSettings
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, serve_app, settings_for


@dataclass
class Runtime:
    """One messenger that runs."""

    http: httpx.AsyncClient
    settings: MessengerSettings
    side: TestSide
    waiting: dict[str, list[Client]] = field(default_factory=dict)
    """By their names: people who have registered elsewhere already, for tests of what comes after it."""

    async def register(self, name: str = "Anna") -> Client:
        return await register(self.http, name)

    async def join(self, name: str = "Anna") -> Client:
        """Somebody who is registered, however they did it."""
        if not self.waiting.get(name):
            return await self.register(name)
        person = self.waiting[name].pop()
        assert self.settings.realtime.url is not None
        base = str(self.http.base_url).rstrip("/")
        return replace(person, http=self.http, base=base, websocket=self.settings.realtime.url)


@asynccontextmanager
async def process(stand_in: AwsStandIn, side: TestSide, token_key: Path, **realtime: Any) -> AsyncIterator[Runtime]:
    """uvicorn with connections in memory."""
    given = {"aws": stand_in.settings, "realtime": RealtimeSettings(**realtime), **_quick_pushes(stand_in)}
    settings = settings_for(side, token_key=token_key, **given)
    async with serve(settings) as http:
        yield Runtime(http, settings, side)


@asynccontextmanager
async def functions(
    stand_in: AwsStandIn, side: TestSide, token_key: Path, *, waiting: Sequence[str] = (), **realtime: Any
) -> AsyncIterator[Runtime]:
    """Functions behind API Gateway, with the front that the one-machine stack puts before them.

    ``waiting``: names of people who are registered at a process before: through functions each costs half a second.
    """
    made = Functions(stand_in)
    addresses = await made.prepare()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        given = settings_for(side, token_key=token_key, **_quick_pushes(stand_in))
        people = await registered(given.model_copy(update={"aws": stand_in.settings}), waiting)
        settings = made.settings(given, front=f"http://{host}:{port}")
        settings = settings.model_copy(update={"realtime": settings.realtime.model_copy(update=realtime)})
        front = create_front(settings.model_copy(update={"aws": stand_in.settings}), addresses.http)
        async with deployed(made, settings), serve_app(front, listener=listener) as http:
            yield Runtime(http, settings, side, people)


@asynccontextmanager
async def deployed(made: Functions, settings: MessengerSettings) -> AsyncIterator[None]:
    """The functions with these settings, which are called by nobody once their database is about to go."""
    await made.deploy(settings)
    try:
        yield
    finally:
        await made.pause()  # the clock would call on for as long as the stand-in runs, and fail each time


async def registered(settings: MessengerSettings, names: Sequence[str]) -> dict[str, list[Client]]:
    """People of these names, by name."""
    people: dict[str, list[Client]] = {name: [] for name in names}
    if names:
        async with serve(settings) as http:
            for name in names:
                people[name].append(await register(http, name))
    return people


def _quick_pushes(stand_in: AwsStandIn) -> dict[str, Any]:
    applications = stand_in.names.push_applications
    return {
        "push_fcm_application": applications["GCM"],
        "push_apns_application": applications["APNS"],
        "push_web_application": applications["GCM"],
        "push_after_seconds": 1,
        "push_collapse_seconds": 0.1,
        "presence_relay_seconds": 1,
        "public_url": "https://chat.example.org",
    }


@asynccontextmanager
async def both_endpoints(
    stand_in: AwsStandIn, side: TestSide, token_key: Path, *, move_seconds: float
) -> AsyncIterator[tuple[httpx.AsyncClient, dict[Side, str]]]:
    """A process and functions, as while realtime is migrated; the process's API, and where WebSockets end."""
    made = Functions(stand_in)
    await made.prepare()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        here, there = made.beside(f"http://{host}:{port}", move_seconds=move_seconds)
        settings = settings_for(side, token_key=token_key, aws=stand_in.settings, realtime=here)
        of_functions = made.settings(settings.model_copy(update={"realtime": there}))
        async with deployed(made, of_functions), serve(settings, listener=listener) as http:
            yield http, {Side.SUPABASE: str(here.url), Side.AWS: str(there.url)}


@asynccontextmanager
async def sharing_process(stand_in: AwsStandIn, side: TestSide, token_key: Path, **more: Any) -> AsyncIterator[Runtime]:
    """uvicorn that shares the stand-in's table with the other servers."""
    made = Functions(stand_in)
    await made.prepare()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        realtime = made.realtime.model_copy(update={"endpoint": f"http://{host}:{port}", "url": None})
        settings = settings_for(side, token_key=token_key, **{"aws": stand_in.settings, "realtime": realtime, **more})
        async with serve(settings, listener=listener) as http:
            yield Runtime(http, settings, side)
