"""Contracts hold on both sides, and in both runtimes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from tests.conftest import Server, TestSide
from tests.contract.runtimes import Runtime, functions, process
from tests.e2e.conftest import stand_in, token_key

__all__ = ["stand_in", "token_key"]


@pytest.fixture(params=["supabase", "aws"])
def side(request: pytest.FixtureRequest) -> TestSide:
    """Each side in turn."""
    standing: TestSide = request.getfixturevalue(request.param)
    return standing


_FEW = {"sends_per_minute": 6000, "sends_burst": 12, "longest_resume": 20}


@pytest_asyncio.fixture(scope="module")
async def in_a_process(aws_server: Server, token_key: Path, stand_in: AwsStandIn) -> AsyncIterator[Runtime]:
    async with (
        aws_server.database(aws_server.full) as side,
        process(stand_in, side, token_key, greeting_seconds=1, **_FEW) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def as_functions(aws_server: Server, token_key: Path, stand_in: AwsStandIn) -> AsyncIterator[Runtime]:
    async with (
        aws_server.database(aws_server.full) as side,
        functions(stand_in, side, token_key, waiting=["Anna"] * 22 + ["Boris"] * 16 + ["Clara"] * 3, **_FEW) as running,
    ):
        yield running


@pytest.fixture(scope="module", params=["in_a_process", "as_functions"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """Each runtime in turn; the tests of a file share its database, each with people of its own."""
    running: Runtime = request.getfixturevalue(request.param)
    return running
