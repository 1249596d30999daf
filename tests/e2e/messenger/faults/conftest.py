"""A database server that keeps what it acknowledged, for everything here that kills it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from cyphr.foundation.postgres import Side
from tests.conftest import Server, running_server


@pytest_asyncio.fixture(scope="package")
async def durable_server() -> AsyncIterator[Server]:
    async with running_server(Side.AWS, durable=True) as server:
        yield server
