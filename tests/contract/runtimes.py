"""The messenger in both runtimes, over real sockets: a process, and functions behind the stand-in's API Gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.front import create_front
from cyphr.embedded.functions import MAIL_FROM, Functions
from cyphr.foundation.settings import AwsSettings, MessengerSettings, RealtimeSettings
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, serve_app, settings_for


@dataclass
class Runtime:
    """One messenger that runs."""

    http: httpx.AsyncClient
    settings: MessengerSettings

    async def join(self, name: str = "Anna") -> Client:
        return await register(self.http, name)


@asynccontextmanager
async def process(side: TestSide, token_key: Path, **realtime: Any) -> AsyncIterator[Runtime]:
    """uvicorn with connections in memory."""
    settings = settings_for(side, token_key=token_key, realtime=RealtimeSettings(**realtime))
    async with serve(settings) as http:
        yield Runtime(http, settings)


@asynccontextmanager
async def functions(stand_in: AwsStandIn, side: TestSide, token_key: Path, **realtime: Any) -> AsyncIterator[Runtime]:
    """Functions behind API Gateway, with the front that the one-machine stack puts before them."""
    made = Functions(stand_in.root)
    addresses = await made.prepare()
    settings = settings_for(
        side,
        token_key=token_key,
        aws=AwsSettings(endpoint_url=stand_in.endpoint_url),
        realtime=made.realtime.model_copy(update=realtime),
        mail_from=MAIL_FROM,
    )
    await made.deploy(settings)
    front = create_front(settings.model_copy(update={"aws": stand_in.settings}), addresses.http)
    async with serve_app(front) as http:
        yield Runtime(http, settings)
