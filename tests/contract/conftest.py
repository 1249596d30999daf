"""Contracts hold on both sides, and in both runtimes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from tests.conftest import Server, TestSide
from tests.contract.runtimes import Runtime, functions, process
from tests.e2e.messenger.conftest import token_key

__all__ = ["token_key"]


@pytest.fixture(params=["supabase", "aws"])
def side(request: pytest.FixtureRequest) -> TestSide:
    """Each side in turn."""
    standing: TestSide = request.getfixturevalue(request.param)
    return standing


@pytest_asyncio.fixture(scope="module", params=["process", "functions"])
async def runtime(
    request: pytest.FixtureRequest, aws_server: Server, token_key: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Runtime]:
    """Each runtime in turn; the tests of a file share its database, each with people of its own."""
    few = {"sends_per_minute": 180, "sends_burst": 12, "longest_resume": 20}
    async with aws_server.database(aws_server.full) as side:
        if request.param == "process":
            async with process(side, token_key, **few) as running:
                yield running
        else:
            stand_in = AwsStandIn(tmp_path_factory.mktemp("aws-stand-in"))
            await stand_in.start()
            try:
                async with functions(stand_in, side, token_key, **few) as running:
                    yield running
            finally:
                await stand_in.discard()
