"""One account, several methods: linked and unlinked by who has just proved themselves, and never all of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN, Client, register
from tests.e2e.messenger.conftest import serve, settings_for
from tests.e2e.messenger.pool import counterpart, moved

PASSWORD = "Correct horse 7"
OTHER = "Another horse 8"


@pytest.fixture(scope="module")
def side(aws_side: TestSide) -> TestSide:
    return aws_side


@pytest_asyncio.fixture(scope="module")
async def http(side: TestSide, token_key: Any, stand_in: AwsStandIn) -> AsyncIterator[httpx.AsyncClient]:
    given = {"aws": stand_in.settings, "cognito": stand_in.cognito}
    async with serve(settings_for(side, token_key=token_key, **given)) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/v1/cognito/sessions", json={"email": email, "password": password})


async def methods(person: Client) -> list[str]:
    return [one["method"] for one in await person.get("/v1/me/methods")]


async def grow_old(side: TestSide, person: Client) -> None:
    """What the person proved is more than five minutes ago."""
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update sessions set proved_at = proved_at - interval '6 minutes' where user_id = %s", [person.id]
        )


@pytest.mark.parametrize("known", [True, False], ids=["known to Cognito", "unknown to Cognito"])
async def test_a_person_with_a_pin_links_a_password_and_either_leads_to_the_same_account(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn, known: bool
) -> None:
    anna = await (counterpart(side, stand_in, http) if known else register(http, "Anna"))
    assert await methods(anna) == ["pin"]
    assert (await sign_in(http, anna.email)).status_code == 401
    other = (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).json()["access_token"]
    assert (await anna.put("/v1/me/methods/password", {"password": PASSWORD})).status_code == 204
    assert await methods(anna) == ["password", "pin"]
    assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {other}"})).status_code == 401
    by_password = await sign_in(http, anna.email)
    by_pin = await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})
    assert by_password.json()["person"] == by_pin.json()["person"]


async def test_a_method_is_taken_away_but_never_the_last(http: httpx.AsyncClient) -> None:
    anna = await register(http, "Anna")
    assert (await anna.delete("/v1/me/methods/pin")).status_code == 409
    assert (await anna.delete("/v1/me/methods/password")).status_code == 404
    assert (await anna.put("/v1/me/methods/password", {"password": PASSWORD})).status_code == 204
    assert (await anna.delete("/v1/me/methods/pin")).status_code == 204
    assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).status_code == 401
    assert (await anna.delete("/v1/me/methods/password")).status_code == 409
    assert (await anna.put("/v1/me/methods/pin", {"pin": "7391"})).status_code == 204
    assert (await anna.delete("/v1/me/methods/password")).status_code == 204
    assert (await sign_in(http, anna.email)).status_code == 401
    assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": "7391"})).status_code == 201
    assert await methods(anna) == ["pin"]


async def test_two_methods_taken_away_at_once_leave_one(http: httpx.AsyncClient) -> None:
    anna = await register(http, "Anna")
    assert (await anna.put("/v1/me/methods/password", {"password": PASSWORD})).status_code == 204
    answers = await asyncio.gather(*(anna.delete(f"/v1/me/methods/{name}") for name in ("pin", "password")))
    assert sorted(answer.status_code for answer in answers) in ([204, 409], [204, 401])
    assert len(await methods(anna)) == 1


async def test_methods_change_only_for_who_has_just_proved_themselves(http: httpx.AsyncClient, side: TestSide) -> None:
    anna = await register(http, "Anna")
    await grow_old(side, anna)
    for answer in (
        await anna.put("/v1/me/methods/password", {"password": PASSWORD}),
        await anna.put("/v1/me/methods/pin", {"pin": "7391"}),
        await anna.delete("/v1/me/methods/pin"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert await methods(anna) == ["pin"]


async def test_who_has_a_password_only_proves_themselves_with_it(http: httpx.AsyncClient, side: TestSide) -> None:
    anna = await register(http, "Anna")
    assert (await anna.put("/v1/me/methods/password", {"password": PASSWORD})).status_code < 300
    assert (await anna.delete("/v1/me/methods/pin")).status_code < 300
    await grow_old(side, anna)
    assert (await anna.post("/v1/sessions/step-up", {"password": "Another-one-1!"})).status_code == 401
    assert (await anna.put("/v1/me/methods/pin", {"pin": "7391"})).status_code == 403
    assert (await anna.post("/v1/sessions/step-up", {"password": PASSWORD})).status_code == 204
    assert (await anna.put("/v1/me/methods/pin", {"pin": "7391"})).status_code < 300


async def test_a_password_that_was_taken_away_counts_no_more_even_if_the_pool_still_has_it(
    http: httpx.AsyncClient, side: TestSide
) -> None:
    anna = await register(http, "Anna")
    assert (await anna.put("/v1/me/methods/password", {"password": PASSWORD})).status_code == 204
    async with await connect(side.owner) as connection:
        await connection.execute("delete from sign_in_methods where user_id = %s", [anna.id])
    assert (await sign_in(http, anna.email)).status_code == 401


async def test_a_password_of_supabase_is_a_method_and_is_replaced_or_taken_away_like_one(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    anna, boris = await moved(side, stand_in, http, PASSWORD), await moved(side, stand_in, http, PASSWORD)
    assert await methods(anna) == ["password", "pin"]
    assert (await anna.put("/v1/me/methods/password", {"password": OTHER})).status_code == 204
    assert (await sign_in(http, anna.email)).status_code == 401
    assert (await sign_in(http, anna.email, OTHER)).status_code == 201
    assert (await boris.delete("/v1/me/methods/password")).status_code == 204
    assert (await sign_in(http, boris.email)).status_code == 401


async def test_an_identity_of_a_provider_is_shown_to_its_person_only_and_is_not_enough_alone(
    http: httpx.AsyncClient, side: TestSide
) -> None:
    anna, boris = await register(http, "Anna"), await register(http, "Boris")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into sign_in_methods (user_id, method, subject) values (%s, 'google', '10769150350006150715113')",
            [anna.id],
        )
    assert await methods(anna) == ["google", "pin"]
    assert await methods(boris) == ["pin"]
    assert (await boris.delete("/v1/me/methods/google")).status_code == 404
    assert (await anna.delete("/v1/me/methods/pin")).status_code == 409
    assert (await anna.delete("/v1/me/methods/google")).status_code == 204
    assert await methods(anna) == ["pin"]


async def test_linking_is_written_into_the_audit_log(http: httpx.AsyncClient, side: TestSide) -> None:
    anna = await register(http, "Anna")
    await anna.put("/v1/me/methods/password", {"password": PASSWORD})
    await anna.delete("/v1/me/methods/password")
    await anna.delete("/v1/me/methods/pin")
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(
            "select event, details ->> 'method' from audit_log"
            " where subject = %s and event like 'method.%%' order by at",
            [anna.id],
        )
        assert await cursor.fetchall() == [("method.linked", "password"), ("method.unlinked", "password")]
