"""What administrators do holds at Cognito too, at once or as soon as it can be reached."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from cyphr.cli.main import app
from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.mailbox import Mailbox
from cyphr.foundation.aws import cognito_client
from cyphr.foundation.postgres import connect
from cyphr.messenger.app import Messenger
from cyphr.messenger.http import create_app
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve_app, settings_for
from tests.e2e.messenger.pool import code_for, counterpart

PASSWORD, OTHER = "Correct horse 7", "Another horse 8"


@dataclass
class World:
    """Two servers over one database: one reaches Cognito, the other does not. ``owner``: of the tenant."""

    stand_in: AwsStandIn
    side: TestSide
    http: httpx.AsyncClient
    cut_off: httpx.AsyncClient
    messenger: Messenger
    owner: Client

    async def person(self) -> Client:
        """Somebody with a PIN and a password, signed in here and at Cognito."""
        person = await counterpart(self.side, self.stand_in, self.http)
        assert (await person.put("/v1/me/methods/password", {"password": PASSWORD})).status_code == 204
        return person

    async def tokens(self, person: Client) -> Any:
        return (await person.post("/v1/cognito/tokens", {"password": PASSWORD})).json()

    async def is_enabled(self, person: Client) -> bool:
        pool = {"UserPoolId": self.stand_in.names.user_pool_id, "Username": person.id}
        user = await asyncio.to_thread(lambda: cognito_client(self.stand_in.settings).admin_get_user(**pool))  # type: ignore[arg-type]
        return bool(user["Enabled"])

    async def act(self, method: str, person: Client, what: str, *, cut_off: bool = False) -> None:
        server = self.cut_off if cut_off else self.http
        answer = await server.request(method, f"/v1/admin/people/{person.id}/{what}", headers=self.owner.auth)
        assert answer.status_code == 204, answer.text

    async def sign_in(self, person: Client, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/v1/cognito/sessions", json={"email": person.email, "password": password})

    async def status(self, token: str) -> int:
        return (await self.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code


@pytest.fixture(scope="module")
def side(aws_side: TestSide) -> TestSide:
    return aws_side


@pytest_asyncio.fixture(scope="module")
async def world(side: TestSide, token_key: Any, stand_in: AwsStandIn) -> AsyncIterator[World]:
    down = stand_in.settings.model_copy(update={"endpoint_url": "http://127.0.0.1:1"})
    settings = [
        settings_for(side, token_key=token_key, aws=aws, cognito=stand_in.cognito) for aws in (stand_in.settings, down)
    ]
    mailbox = Mailbox()
    reaching, cut_off = (create_app(one, mail=mailbox, extra=[mailbox.router()]) for one in settings)
    async with serve_app(reaching) as http, serve_app(cut_off) as other:
        owner = await register(http, "Owner")
        async with await connect(side.owner) as connection:
            await connection.execute("select private.appoint(%s, 'owner')", [owner.email])
        yield World(stand_in, side, http, other, reaching.state.messenger, owner)


async def test_who_is_suspended_is_disabled_at_cognito_until_they_are_reinstated(world: World) -> None:
    person = await world.person()
    tokens = await world.tokens(person)
    await world.act("PUT", person, "suspension")
    assert not await world.is_enabled(person)
    assert await world.status(tokens["access_token"]) == 401
    assert (await world.sign_in(person)).status_code != 201
    await world.act("DELETE", person, "suspension")
    assert await world.is_enabled(person)
    signed_in = await world.sign_in(person)
    assert signed_in.status_code == 201
    person.session = signed_in.json()
    kept = {"refresh_token": tokens["refresh_token"]}
    assert (await person.post("/v1/cognito/tokens/refresh", kept)).status_code == 401
    assert await world.status(tokens["access_token"]) == 401


async def test_what_could_not_be_told_holds_here_and_is_told_by_whoever_reaches_cognito(world: World) -> None:
    person = await world.person()
    tokens = await world.tokens(person)  # of a session that no server has seen
    await world.act("PUT", person, "suspension", cut_off=True)
    assert (await world.is_enabled(person), await world.status(tokens["access_token"])) == (True, 401)
    await world.act("DELETE", person, "suspension", cut_off=True)
    assert (await world.sign_in(person)).status_code == 201
    assert await world.status(tokens["access_token"]) == 401, "they were signed out"
    await world.act("PUT", person, "suspension", cut_off=True)
    assert await world.messenger.duties.sweep() >= 1
    assert not await world.is_enabled(person)
    assert await world.messenger.duties.sweep() == 0, "it is told once"


async def test_the_operators_command_reaches_cognito_through_a_server(world: World, tmp_path: Any) -> None:
    person = await world.person()
    tokens = await world.tokens(person)
    given = world.side.owner.connection_arguments()
    password = tmp_path / "password"
    password.write_text(given.pop("password"))
    where = ["--database", make_conninfo(**given), "--password-file", str(password)]

    async def call(command: str) -> None:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["admin", *where, command, person.email])
        assert result.exit_code == 0, result.output

    await call("sign-out")
    assert await world.status(tokens["access_token"]) == 401
    await world.messenger.duties.sweep()
    again = await world.sign_in(person)
    person.session = again.json()
    kept = {"refresh_token": tokens["refresh_token"]}
    assert (await person.post("/v1/cognito/tokens/refresh", kept)).status_code == 401
    await call("reset-password")
    assert (await world.sign_in(person)).status_code == 401


async def test_a_password_that_was_reset_is_useless_at_once_and_its_owner_sets_another_by_mail(world: World) -> None:
    person = await world.person()
    await world.act("DELETE", person, "password", cut_off=True)
    assert (await world.sign_in(person)).status_code == 401
    refresh = {"refresh_token": person.session["refresh_token"]}
    assert (await world.http.post("/v1/sessions/refresh", json=refresh)).status_code == 401
    assert (await world.http.post("/v1/cognito/password/forgot", json={"email": person.email})).status_code == 202
    code = await code_for(world.stand_in, person.email)
    body = {"email": person.email, "code": code, "new_password": OTHER}
    assert (await world.http.post("/v1/cognito/password/reset", json=body)).status_code == 204
    await world.messenger.duties.sweep()
    assert (await world.sign_in(person, OTHER)).status_code == 201
    assert (await world.sign_in(person)).status_code == 401


async def test_of_two_servers_that_tell_at_once_the_last_word_is_what_holds(world: World) -> None:
    person = await world.person()
    await world.act("PUT", person, "suspension", cut_off=True)
    async with await connect(world.side.owner) as connection:
        cursor = await connection.execute("select due_at from cognito_accounts where user_id = %s", [person.id])
        stale = await cursor.fetchone()
        assert stale is not None
        await world.act("DELETE", person, "suspension")
        assert await world.is_enabled(person)
        # Another server has told Cognito of the suspension only now, and says so.
        pool = {"UserPoolId": world.stand_in.names.user_pool_id, "Username": person.id}
        await asyncio.to_thread(lambda: cognito_client(world.stand_in.settings).admin_disable_user(**pool))  # type: ignore[arg-type]
        await connection.execute("select private.settle_duty(%s, %s, false)", [person.id, stale[0]])
    await world.messenger.duties.sweep()
    assert await world.is_enabled(person)
