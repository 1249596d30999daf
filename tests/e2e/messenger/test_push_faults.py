"""Pushes when SNS, a device or the server itself fails: nothing is lost and nothing is sent twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from cyphr.embedded.messenger import MessengerServer
from cyphr.embedded.process import is_alive
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import AwsSettings, MessengerSettings
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for
from tests.e2e.messenger.sns_double import BROKEN, DISABLED, THROTTLED, SnsDouble, served

Settings = Callable[..., MessengerSettings]


@pytest.fixture
def settings(supabase_side: TestSide, token_key: Path) -> Settings:
    def make(address: str, **more: Any) -> MessengerSettings:
        aws = AwsSettings(endpoint_url=address, access_key_id="key", secret_access_key=SecretStr("secret"))
        application = "arn:aws:sns:us-east-1:000000000000:app/GCM/cyphr"
        given: dict[str, Any] = {"push_after_seconds": 0.15, "push_collapse_seconds": 0.3}
        return settings_for(
            supabase_side, token_key=token_key, aws=aws, push_fcm_application=application, **(given | more)
        )

    return make


@asynccontextmanager
async def two_people(http: httpx.AsyncClient) -> AsyncIterator[tuple[Client, Client, str, str]]:
    """Anna, Boris, their chat, and the token of Boris's phone."""
    anna, boris = await register(http, "Anna"), await register(http, "Boris")
    chat, token = await anna.direct(boris), str(uuid4())
    assert (await put_device(boris, str(uuid4()), token)).status_code == 204
    yield anna, boris, chat, token


async def put_device(person: Client, device: str, token: str) -> httpx.Response:
    body = {"platform": "fcm", "token": token}
    return await person.http.put(f"/v1/push/endpoints/{device}", json=body, headers=person.auth)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def waiting(side: TestSide, chat: str) -> bool:
    async with await connect(side.superuser) as connection:
        cursor = await connection.execute(
            "select exists (select from push_checks where chat_id = %(chat)s)"
            " or exists (select from push_state where chat_id = %(chat)s and wanted_seq > pushed_seq)",
            {"chat": chat},
        )
        return await cursor.fetchone() == (True,)


async def test_a_device_whose_token_is_dead_is_removed_and_may_come_back(
    settings: Settings, supabase_side: TestSide
) -> None:
    double = SnsDouble()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(serve(settings(stack.enter_context(served(double)))))
        anna, boris, chat, token = await stack.enter_async_context(two_people(http))
        await anna.send(chat, "first")
        await until(lambda: double.published[token] == 1)
        double.troubles[token] = [DISABLED]
        await anna.send(chat, "second")
        await until(lambda: double.asked["DeleteEndpoint"] == 1)
        async with await connect(supabase_side.superuser) as connection:
            cursor = await connection.execute("select from push_endpoints where token = %s", [token])
            assert cursor.rowcount == 0
        made = double.asked["CreatePlatformEndpoint"]
        await put_device(boris, str(uuid4()), token)
        await anna.send(chat, "third")
        await until(lambda: double.published[token] == 2)
        assert double.asked["CreatePlatformEndpoint"] == made + 1


async def test_a_push_that_sns_does_not_take_now_is_sent_again_until_it_does_and_then_no_more(
    settings: Settings, supabase_side: TestSide
) -> None:
    double = SnsDouble()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(serve(settings(stack.enter_context(served(double)))))
        anna, _, chat, token = await stack.enter_async_context(two_people(http))
        double.troubles[token] = [BROKEN, THROTTLED]  # the client itself tries twice
        await anna.send(chat, "hello")
        await until(lambda: double.published[token] == 1)
        async with asyncio.timeout(30):
            while await waiting(supabase_side, chat):
                await asyncio.sleep(0.05)
        assert (double.published[token], double.troubles[token]) == (1, [])


async def test_pushes_wait_while_sns_is_down_and_each_is_sent_once_when_it_is_back(
    settings: Settings, supabase_side: TestSide
) -> None:
    double = SnsDouble()
    with served(double) as address:
        port = int(address.rpartition(":")[2])
    async with serve(settings(address)) as http, AsyncExitStack() as stack:
        people = [await stack.enter_async_context(two_people(http)) for _ in range(3)]
        for anna, _, chat, _ in people:
            assert (await anna.send(chat, "hello")).status_code == 201, "messages flow without SNS"
        async with asyncio.timeout(60), await connect(supabase_side.superuser) as connection:
            while True:
                cursor = await connection.execute(
                    "select count(*) from push_state where tries > 0 and chat_id = any(%s::uuid[])",
                    [[chat for _, _, chat, _ in people]],
                )
                if await cursor.fetchone() == (3,):
                    break
                await asyncio.sleep(0.05)
        assert not double.published
        with served(double, port):
            await until(lambda: sum(double.published.values()) >= 3)
            for _, _, chat, token in people:
                async with asyncio.timeout(30):
                    while await waiting(supabase_side, chat):
                        await asyncio.sleep(0.05)
                assert double.published[token] == 1


async def test_a_server_killed_between_the_commit_and_the_push_forgets_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    double = SnsDouble()
    with ExitStack() as stack:
        address = stack.enter_context(served(double))
        server = MessengerServer(tmp_path / "messenger")
        # Long enough that the first server never pushes, whatever the machine is busy with.
        await server.start(settings(address, push_after_seconds=3600))
        try:
            async with httpx.AsyncClient(base_url=server.address, timeout=30) as http, two_people(http) as found:
                anna, _, chat, token = found
                assert (await anna.send(chat, "hello")).status_code == 201
            assert server.process is not None
            os.kill(server.process.pid, signal.SIGKILL)
            await until(lambda: server.process is not None and not is_alive(server.process))
            assert not double.published
            await server.start(settings(address))
            await until(lambda: double.published[token] == 1)
        finally:
            await server.stop()
    assert double.published[token] == 1
