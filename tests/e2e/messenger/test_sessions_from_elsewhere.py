"""Who signed in at Supabase stays signed in here, and such a session is one like any other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
import pytest_asyncio

from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import SupabaseTokens
from cyphr.schema.audit_chain import list_events
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import on_one_side, serve, settings_for
from tests.e2e.messenger.issuer import supabase_claims

PROJECT = "https://project.supabase.co/auth/v1"
SECRET = "a legacy secret of the project, long enough"


def token_of(person: str, **changed: Any) -> str:
    return jwt.encode(supabase_claims(PROJECT, person, **changed), SECRET, algorithm="HS256")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture(scope="module")
async def http(side: TestSide, token_key: Any) -> AsyncIterator[httpx.AsyncClient]:
    tokens = SupabaseTokens(issuer=PROJECT, legacy_secret=SECRET)
    async with serve(settings_for(side, token_key=token_key, supabase_tokens=tokens)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def anna(http: httpx.AsyncClient) -> Client:
    return await register(http, "Anna")


async def exchange(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/v1/sessions/exchange", json={"token": token, "device": "an old phone"})


async def test_a_token_of_supabase_is_taken_as_it_is_also_by_a_websocket(http: httpx.AsyncClient, anna: Client) -> None:
    token = token_of(anna.id)
    assert (await http.get("/v1/me", headers=bearer(token))).json()["id"] == anna.id
    old = Client(http, anna.base, anna.email, {**anna.session, "access_token": token}, anna.websocket)
    async with old.socket() as socket:
        assert socket.heard[0]["t"] in {"hello", "resume.done"} or socket.heard
    stranger = await http.get("/v1/me", headers=bearer(token_of(str(uuid4()))))
    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_authenticated")


async def test_signing_out_ends_the_whole_family_of_tokens(http: httpx.AsyncClient, anna: Client) -> None:
    family = str(uuid4())
    first, second, other = token_of(anna.id, session_id=family), token_of(anna.id, session_id=family), token_of(anna.id)
    for token in (first, other):
        assert (await http.get("/v1/me", headers=bearer(token))).status_code == 200
    assert (await http.delete("/v1/sessions/current", headers=bearer(first))).status_code == 204
    for token in (first, second):
        assert (await http.get("/v1/me", headers=bearer(token))).status_code == 401
        assert (await exchange(http, token)).status_code == 401
    assert (await http.get("/v1/me", headers=bearer(other))).status_code == 200


async def test_a_token_is_exchanged_for_a_session_that_lasts_and_its_family_ends_soon(
    http: httpx.AsyncClient, anna: Client, side: TestSide
) -> None:
    token = token_of(anna.id)
    answer = await exchange(http, token)
    assert answer.status_code == 201
    session = answer.json()
    assert session["person"]["id"] == anna.id
    refreshed = await http.post("/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]})
    assert refreshed.status_code == 200
    assert (await exchange(http, token)).status_code == 201, "the answer may have been lost"
    async with await connect(side.owner) as connection:
        await connection.execute("update sessions set exchanged_at = exchanged_at - interval '2 minutes'")
    assert (await exchange(http, token)).status_code == 401
    assert (await http.get("/v1/me", headers=bearer(token))).status_code == 401


@on_one_side
async def test_a_session_from_elsewhere_is_noted_when_it_is_first_seen(http: httpx.AsyncClient, side: TestSide) -> None:
    boris = await register(http, "Boris")
    token = token_of(boris.id)
    answers = await asyncio.gather(*(http.get("/v1/me", headers=bearer(token)) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await http.get("/v1/me", headers=bearer(token_of(str(uuid4()))))).status_code == 401
    async with await connect(side.owner) as connection:
        events = await list_events(connection, subject=UUID(boris.id))
    assert [(one.event, one.details["method"]) for one in events if one.event == "session.opened"] == [
        ("session.opened", "supabase"),
        ("session.opened", "pin"),
    ]
    assert events[0].session not in {None, events[1].session}


async def test_of_many_requests_with_a_new_token_at_once_each_is_answered(
    http: httpx.AsyncClient, anna: Client
) -> None:
    token = token_of(anna.id)
    answers = await asyncio.gather(*(http.get("/v1/me", headers=bearer(token)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_who_has_a_second_factor_needs_it_unless_supabase_had_it_proven(
    http: httpx.AsyncClient, side: TestSide
) -> None:
    boris = await register(http, "Boris")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into mfa_factors (id, user_id, kind, name, secret, confirmed_at)"
            " values (gen_random_uuid(), %s, 'totp', 'phone', 'x', now())",
            [UUID(boris.id)],
        )
    weak = token_of(boris.id)
    assert (await http.get("/v1/me", headers=bearer(weak))).status_code == 401
    challenged = await exchange(http, weak)
    assert (challenged.status_code, challenged.json()["factors"]) == (202, ["totp"])
    assert (await http.get("/v1/me", headers=bearer(weak))).status_code == 401, "the challenge was not answered"
    assert (await http.get("/v1/me", headers=bearer(token_of(boris.id, aal="aal2")))).status_code == 200


async def test_what_is_no_token_of_another_issuer_is_not_exchanged(http: httpx.AsyncClient, anna: Client) -> None:
    forged = jwt.encode(supabase_claims(PROJECT, anna.id), "another secret that is long enough too", algorithm="HS256")
    for token in (anna.session["access_token"], forged, "nonsense", token_of(str(uuid4()))):
        assert (await exchange(http, token)).status_code == 401


async def test_who_is_suspended_is_not_let_in_from_elsewhere(http: httpx.AsyncClient, side: TestSide) -> None:
    clara = await register(http, "Clara")
    async with await connect(side.owner) as connection:
        await connection.execute("update users set suspended_at = now() where id = %s", [UUID(clara.id)])
    assert (await http.get("/v1/me", headers=bearer(token_of(clara.id)))).status_code == 401
    assert (await exchange(http, token_of(clara.id))).status_code == 401


@pytest.mark.parametrize("settings", [{"issuer": PROJECT}, {"issuer": PROJECT, "legacy_secret": "short"}])
async def test_a_server_without_a_proper_key_for_them_does_not_start(
    side: TestSide, token_key: Any, settings: dict[str, str]
) -> None:
    with pytest.raises(Exception, match=r"legacy secret|32 bytes"):
        async with serve(settings_for(side, token_key=token_key, supabase_tokens=SupabaseTokens(**settings))):
            pass
