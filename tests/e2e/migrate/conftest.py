"""Servers of every version that is supported, each able to play both sides."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from cyphr.embedded.binaries import Version, installation
from cyphr.embedded.databases import SUPERUSERS
from cyphr.embedded.postgres import PostgresCluster
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from tests.conftest import Server, make_bare_template, make_full_template, new_password, running_cluster

ServerOf = Callable[[Version, Side], Awaitable[Server]]


@pytest_asyncio.fixture(scope="session")
async def server_of() -> AsyncIterator[ServerOf]:
    """Gives the server of a version, as one side; each is started when it is first asked for."""
    started: dict[Version, dict[Side, Server]] = {}
    async with AsyncExitStack() as stack:

        async def give(version: Version, side: Side) -> Server:
            _demand(version)
            if version not in started:
                cluster = await stack.enter_async_context(running_cluster(version, SUPERUSERS[Side.SUPABASE]))
                started[version] = await _both_sides(cluster)
            return started[version][side]

        yield give


async def _both_sides(cluster: PostgresCluster) -> dict[Side, Server]:
    servers = {
        side: Server(side, cluster, new_password(), new_password(), bare=f"{side}_bare", full=f"{side}_full")
        for side in Side
    }
    for server in servers.values():
        await make_bare_template(server)
    await make_full_template(servers[Side.SUPABASE])
    return servers


def _demand(version: Version) -> None:
    try:
        installation(version)
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(error.message)
