"""DynamoDB that is throttled. The stand-in throttles nobody, so what stands before it refuses as AWS does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from cyphr.embedded.aws import AwsStandIn
from tests.conftest import Server
from tests.contract.runtimes import Runtime, sharing_process
from tests.contract.test_connection_table import at
from tests.e2e.messenger.client import register
from tests.e2e.messenger.conftest import serve_app


@dataclass
class Throttle:
    """Passes calls on to the stand-in with their signatures, but for the next so many of DynamoDB's."""

    stand_in: str
    refusing: int = 0
    code: str = ""
    refused: int = 0
    app: FastAPI = field(default_factory=FastAPI)

    def __post_init__(self) -> None:
        self.app.add_api_route("/", self._pass_on, methods=["POST"])

    async def until_refused(self, times: int) -> None:
        async with asyncio.timeout(30):
            while self.refused < times:
                await asyncio.sleep(0.01)

    async def _pass_on(self, request: Request) -> Response:
        if self.refusing and request.headers["x-amz-target"].startswith("DynamoDB"):
            self.refusing -= 1
            self.refused += 1
            kind = f"com.amazonaws.dynamodb.v20120810#{self.code}"
            return JSONResponse({"__type": kind, "message": "slow down"}, 400, media_type="application/x-amz-json-1.0")
        headers = {name: value for name, value in request.headers.items() if name != "connection"}
        async with httpx.AsyncClient() as http:
            answer = await http.post(self.stand_in, content=await request.body(), headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


@pytest_asyncio.fixture(scope="module")
async def throttle(stand_in: AwsStandIn) -> Throttle:
    return Throttle(stand_in.endpoint_url)


@pytest_asyncio.fixture(scope="module")
async def servers(
    stand_in: AwsStandIn, aws_server: Server, token_key: Path, throttle: Throttle
) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """Two processes that share a table; the first reaches it through ``throttle``."""
    async with aws_server.database(aws_server.full) as side, serve_app(throttle.app) as door:
        aws = stand_in.settings.model_copy(update={"endpoint_url": str(door.base_url).rstrip("/")})
        # Rounds of presence ask the table as well; here only what is sent is to be counted.
        quiet = {"presence_relay_seconds": 3600}
        async with (
            sharing_process(stand_in, side, token_key, **quiet, aws=aws) as throttled,
            sharing_process(stand_in, side, token_key, **quiet) as other,
        ):
            yield throttled, other


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
async def test_while_the_table_is_throttled_messages_are_acknowledged_and_the_next_resume_brings_them(
    servers: tuple[Runtime, Runtime], throttle: Throttle, code: str
) -> None:
    throttled, other = servers
    anna, boris = await register(throttled.http, "Anna"), await register(throttled.http, "Boris")
    chat = await anna.direct(boris)
    async with at(anna, throttled).socket() as hers:
        async with at(boris, other).socket() as his:
            throttle.refusing, throttle.refused, throttle.code = 1000, 0, code
            for number in range(1, 4):
                await hers.send(chat, str(number))
                assert (await hers.until("ack"))["d"]["seq"] == number
                # What is sent in a burst shares one look into the table; so each look is waited for.
                await throttle.until_refused(2 * number)
            assert throttle.refused == 6, "each look asks twice and no more"
            throttle.refusing = 0
            await his.say("ping")
            await his.until("pong")
            assert not his.messages()
        async with at(boris, other).socket() as his:
            assert [message["seq"] for message in his.messages()] == [1, 2, 3]
            throttle.refusing = 1
            await hers.send(chat, "4")
            assert (await his.until("msg"))["seq"] == 4, "a moment of it nobody notices"
            assert throttle.refusing == 0
