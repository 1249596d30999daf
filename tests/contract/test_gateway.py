"""How API Gateway's refusals are taken. The stand-in throttles nobody, so a server that answers as AWS does acts it."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr

from cyphr.foundation.aws import table_client
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.settings import AwsSettings, MessengerSettings, PostgresSettings, RealtimeSettings
from cyphr.messenger.messages.postman import Event, EventKind
from cyphr.messenger.realtime.delivery import Delivery
from cyphr.messenger.realtime.gateway import Gateway, Outcome
from cyphr.messenger.realtime.processes import Processes, Seal
from cyphr.messenger.realtime.table import ConnectionTable
from cyphr.messenger.shared import build_shared, signing_key
from tests.e2e.messenger.conftest import serve_app

_ERRORS = {
    410: "GoneException",
    429: "LimitExceededException",
    413: "PayloadTooLargeException",
    403: "ForbiddenException",
}


class Management:
    """Answers each call with the next status of its script, and notes what it let through."""

    def __init__(self) -> None:
        self.script: Iterator[int] = iter(())
        self.calls: list[str] = []
        self.delivered: list[str] = []
        self.app = FastAPI()
        self.app.add_api_route("/live/@connections/{address}", self._answer, methods=["POST", "DELETE"])

    async def _answer(self, request: Request) -> Response:
        self.calls.append(request.method)
        status = next(self.script, 200)
        if status == 200:
            self.delivered.append((await request.body()).decode())
            return Response()
        return JSONResponse({"message": "no"}, status, headers={"x-amzn-ErrorType": _ERRORS.get(status, "Failure")})


@pytest_asyncio.fixture
async def management() -> Management:
    return Management()


@pytest_asyncio.fixture
async def gateway(management: Management) -> AsyncIterator[tuple[Gateway, str]]:
    keys = AwsSettings(access_key_id="id", secret_access_key=SecretStr("secret"))
    async with serve_app(management.app) as http:
        with ThreadPoolExecutor(4) as threads:
            yield Gateway(keys, threads), f"{str(http.base_url).rstrip('/')}/live"


async def test_a_message_is_not_held_up_when_nobody_can_say_where_its_members_are() -> None:
    keys = AwsSettings(endpoint_url="http://127.0.0.1:9", access_key_id="id", secret_access_key=SecretStr("secret"))
    with ThreadPoolExecutor(4) as threads:
        table = ConnectionTable(table_client(keys), "connections", threads)
        delivery = Delivery(table, Gateway(keys, threads), Processes(Seal(b"key"), threads), queue=None)
        await delivery.deliver([uuid4()], Event(EventKind.MESSAGE, uuid4(), "text", seq=1))
        with pytest.raises(Unavailable, match="DynamoDB"):
            await table.list_places([uuid4()])


@pytest.mark.parametrize(
    ("script", "tries", "outcome", "calls"),
    [
        ([200], 4, Outcome.DELIVERED, 1),
        ([429, 429, 200], 4, Outcome.DELIVERED, 3),
        ([500, 200], 4, Outcome.DELIVERED, 2),
        ([429] * 9, 4, Outcome.LEFT, 4),
        ([429] * 9, 1, Outcome.LEFT, 1),
        ([410], 4, Outcome.GONE, 1),
        ([429, 410], 4, Outcome.GONE, 2),
        ([413], 4, Outcome.LEFT, 1),
        ([403], 4, Outcome.LEFT, 1),
    ],
)
async def test_a_throttled_post_is_made_again_a_few_times_and_then_left_to_the_resume(
    gateway: tuple[Gateway, str], management: Management, script: list[int], tries: int, outcome: Outcome, calls: int
) -> None:
    through, endpoint = gateway
    management.script = iter(script)
    assert await through.post(endpoint, str(uuid4()), "привет", tries=tries) is outcome
    assert len(management.calls) == calls
    assert management.delivered == (["привет"] if outcome is Outcome.DELIVERED else [])


async def test_who_is_ended_hears_why_first_and_who_has_gone_is_not_ended_again(
    gateway: tuple[Gateway, str], management: Management
) -> None:
    through, endpoint = gateway
    await through.end(endpoint, "anna", 4401)
    assert management.calls == ["POST", "DELETE"]
    assert management.delivered[0] == '{"v":1,"t":"bye","d":{"code":4401}}'
    management.script = iter([410])
    await through.end(endpoint, "boris", 4401)
    assert management.calls == ["POST", "DELETE", "POST"]


async def test_who_asks_whether_a_server_is_ready_is_told_what_does_not_answer(token_key: Path) -> None:
    keys = AwsSettings(endpoint_url="http://127.0.0.1:9", access_key_id="id", secret_access_key=SecretStr("secret"))
    realtime = RealtimeSettings(table="connections", later_queue="http://127.0.0.1:9/later")
    database = PostgresSettings(host="h", dbname="d", user="u", password=SecretStr("p"))
    settings = MessengerSettings(aws=keys, aws_database=database, token_key_file=token_key, realtime=realtime)
    checks = await build_shared(settings, signing_key(settings)).check()
    assert checks.keys() == {"connections", "later_queue"}
    assert "DynamoDB" in checks["connections"]
    assert "SQS" in checks["later_queue"]
