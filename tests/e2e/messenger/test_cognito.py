"""E-mail and password through our API, over the AWS stand-in's user pool, which runs SRP itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from botocore.exceptions import ClientError
from psycopg import sql

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.mailbox import AllMail, Mailbox, SentMail
from cyphr.foundation.aws import cognito_client
from cyphr.foundation.postgres import connect
from cyphr.messenger.accounts.mail import Letter
from cyphr.messenger.cognito.pool import secret_hash
from cyphr.messenger.cognito.srp import SrpClient
from tests.conftest import Server, TestSide
from tests.e2e.messenger.authenticators import set_up_authenticator
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, serve_app, settings_for
from tests.e2e.messenger.pool import code_for, moved
from tests.e2e.messenger.timing import probability_that_known_ones_are_slower
from tests.e2e.services.cognito_door import CognitoDoor

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


def address() -> str:
    return f"person{uuid4().hex}@example.org"


async def sign_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/v1/cognito/sessions", json={"email": email, "password": password, "device": "a laptop"})


async def sign_up(http: httpx.AsyncClient, stand_in: AwsStandIn, email: str) -> Client:
    begun = await http.post(
        "/v1/cognito/sign-ups", json={"email": email, "password": PASSWORD, "full_name": "Anna Лебедева"}
    )
    assert begun.status_code == 202
    body = {**begun.json(), "email": email, "code": await code_for(stand_in, email)}
    confirmed = await http.post("/v1/cognito/sign-ups/confirm", json=body)
    assert confirmed.status_code == 204, confirmed.text
    session = await sign_in(http, email)
    assert session.status_code == 201, session.text
    base = str(http.base_url).rstrip("/")
    return Client(http, base, email, session.json(), f"{base.replace('http', 'ws', 1)}/v1/ws")


async def test_a_person_registers_with_a_password_and_talks(http: httpx.AsyncClient, stand_in: AwsStandIn) -> None:
    anna = await sign_up(http, stand_in, address())
    assert (await anna.get("/v1/me"))["full_name"] == "Anna Лебедева"
    boris = await register(http, "Boris")
    chat = await anna.direct(boris)
    assert (await anna.send(chat, "hi")).status_code == 201
    refreshed = await http.post("/v1/sessions/refresh", json={"refresh_token": anna.session["refresh_token"]})
    assert refreshed.status_code == 200


async def test_the_stacks_mailbox_shows_what_cognito_mailed_too(http: httpx.AsyncClient, stand_in: AwsStandIn) -> None:
    email, own = address(), Mailbox()
    body = {"email": email, "password": PASSWORD, "full_name": "Anna"}
    await http.post("/v1/cognito/sign-ups", json=body)
    await own.send(email, Letter("Your Cyphr code", "999999"))
    letters = await AllMail(own, SentMail(stand_in.endpoint_url)).letters(email)
    assert [letter.code for letter in letters] == ["999999", await code_for(stand_in, email)]


async def test_a_wrong_password_an_unknown_address_and_one_with_a_pin_only_get_the_same_answer(
    http: httpx.AsyncClient, stand_in: AwsStandIn
) -> None:
    anna, boris = await sign_up(http, stand_in, address()), await register(http, "Boris")
    answers = [await sign_in(http, email, OTHER) for email in (anna.email, address(), boris.email)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_five_wrong_passwords_sent_at_once_lock_an_address_for_pins_too(http: httpx.AsyncClient) -> None:
    boris = await register(http, "Boris")
    guesses = await asyncio.gather(*(sign_in(http, boris.email, f"Wrong horse {n}") for n in range(8)))
    assert sorted(guess.status_code for guess in guesses) == [401] * 5 + [429] * 3
    locked = await http.post("/v1/sessions", json={"email": boris.email, "pin": "482913"})
    assert locked.status_code == 429


async def test_signing_up_does_not_tell_whether_an_address_is_taken(
    http: httpx.AsyncClient, stand_in: AwsStandIn
) -> None:
    anna = await sign_up(http, stand_in, address())
    before = await SentMail(stand_in.endpoint_url).letters(anna.email)
    body = {"password": PASSWORD, "full_name": "Mallory"}
    taken = await http.post("/v1/cognito/sign-ups", json={**body, "email": anna.email})
    free = await http.post("/v1/cognito/sign-ups", json={**body, "email": address()})
    assert taken.status_code == free.status_code == 202
    assert taken.json().keys() == free.json().keys()
    weak = [
        await http.post("/v1/cognito/sign-ups", json={**body, "password": "weak", "email": email})
        for email in (anna.email, address())
    ]
    assert weak[0].status_code == weak[1].status_code == 422
    assert await SentMail(stand_in.endpoint_url).letters(anna.email) == before
    confirmed = await http.post(
        "/v1/cognito/sign-ups/confirm", json={**taken.json(), "email": anna.email, "code": "123456"}
    )
    assert confirmed.status_code == 422
    assert (await sign_in(http, anna.email)).status_code == 201


async def test_nobody_confirms_what_another_began_in_their_name(http: httpx.AsyncClient, stand_in: AwsStandIn) -> None:
    email = address()
    body = {"email": email, "full_name": "x"}
    hers = (await http.post("/v1/cognito/sign-ups", json={**body, "password": PASSWORD})).json()
    await http.post("/v1/cognito/sign-ups", json={**body, "password": OTHER})
    code = await code_for(stand_in, email)
    done = await http.post("/v1/cognito/sign-ups/confirm", json={**hers, "email": email, "code": code})
    assert done.status_code == 204
    assert (await sign_in(http, email, OTHER)).status_code == 401
    assert (await sign_in(http, email)).status_code == 201


async def test_codes_are_guessed_five_times(http: httpx.AsyncClient, stand_in: AwsStandIn) -> None:
    email = address()
    begun = await http.post("/v1/cognito/sign-ups", json={"email": email, "password": PASSWORD, "full_name": "x"})
    wrong = {**begun.json(), "email": email, "code": "000000"}
    tries = [(await http.post("/v1/cognito/sign-ups/confirm", json=wrong)).status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]
    anna = await sign_up(http, stand_in, address())
    assert (await http.post("/v1/cognito/password/forgot", json={"email": anna.email})).status_code == 202
    body = {"email": anna.email, "code": "000000", "new_password": OTHER}
    assert [(await http.post("/v1/cognito/password/reset", json=body)).status_code for _ in range(6)] == [
        *[422] * 5,
        429,
    ]


async def test_a_forgotten_password_is_set_anew_by_mail_and_every_session_ends(
    http: httpx.AsyncClient, stand_in: AwsStandIn
) -> None:
    anna, boris = await sign_up(http, stand_in, address()), await register(http, "Boris")
    for email in (anna.email, boris.email, address()):
        answer = await http.post("/v1/cognito/password/forgot", json={"email": email})
        assert (answer.status_code, answer.text) == (202, "{}")
    assert not await SentMail(stand_in.endpoint_url).letters(boris.email)
    body = {"email": anna.email, "code": await code_for(stand_in, anna.email), "new_password": OTHER}
    strangers = await http.post("/v1/cognito/password/reset", json={**body, "email": boris.email})
    assert strangers.status_code == 422
    assert (await http.post("/v1/cognito/password/reset", json=body)).status_code == 204
    assert await anna.get_status("/v1/me") == 401
    assert (await sign_in(http, anna.email)).status_code == 401
    assert (await sign_in(http, anna.email, OTHER)).status_code == 201
    assert (await http.post("/v1/cognito/password/reset", json=body)).status_code == 422, "a code counts once"


async def test_a_password_is_changed_after_the_old_one_and_the_other_sessions_end(
    http: httpx.AsyncClient, stand_in: AwsStandIn
) -> None:
    anna = await sign_up(http, stand_in, address())
    other = (await sign_in(http, anna.email)).json()["access_token"]
    assert (await anna.put("/v1/me/password", {"password": OTHER, "new_password": OTHER})).status_code == 401
    assert (await anna.put("/v1/me/password", {"password": PASSWORD, "new_password": "weak"})).status_code == 422
    assert (await anna.put("/v1/me/password", {"password": PASSWORD, "new_password": OTHER})).status_code == 204
    assert await anna.get_status("/v1/me") == 200
    assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {other}"})).status_code == 401
    assert (await sign_in(http, anna.email, OTHER)).status_code == 201


async def test_cognitos_own_tokens_are_taken_refreshed_and_all_ended_by_signing_out_everywhere(
    http: httpx.AsyncClient, stand_in: AwsStandIn
) -> None:
    anna = await sign_up(http, stand_in, address())
    boris = await register(http, "Boris")
    assert (await anna.post("/v1/cognito/tokens", {"password": OTHER})).status_code == 401
    assert (await boris.post("/v1/cognito/tokens", {"password": PASSWORD})).status_code == 401
    tokens = (await anna.post("/v1/cognito/tokens", {"password": PASSWORD})).json()
    kept = {"refresh_token": tokens["refresh_token"]}
    assert (await boris.post("/v1/cognito/tokens/refresh", kept)).status_code == 401
    refreshed = await anna.post("/v1/cognito/tokens/refresh", kept)
    assert refreshed.status_code == 200
    for token in (tokens["access_token"], refreshed.json()["access_token"]):
        mine = await http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert mine.json()["id"] == anna.id
    assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {tokens['id_token']}"})).status_code == 401
    assert (await anna.delete("/v1/cognito/tokens")).status_code == 204
    for token in (tokens["access_token"], refreshed.json()["access_token"], anna.session["access_token"]):
        assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 401
        assert (await http.post("/v1/sessions/exchange", json={"token": token})).status_code == 401
    again = await sign_in(http, anna.email)
    assert again.status_code == 201
    anna.session = again.json()
    assert (await anna.post("/v1/cognito/tokens/refresh", kept)).status_code == 401


async def test_a_stolen_password_alone_gets_no_tokens_of_cognito(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    anna = await sign_up(http, stand_in, address())
    authenticator, _ = await set_up_authenticator(anna)
    # At Cognito itself: the app client's secret is wanted before anything else.
    srp = {"USERNAME": anna.id, "SRP_A": SrpClient(stand_in.names.user_pool_id, PASSWORD).public}
    for parameters in (srp, {**srp, "SECRET_HASH": secret_hash(b"guessed", stand_in.names.app_client_id, anna.id)}):
        with pytest.raises(ClientError, match=r"secret"):
            await asyncio.to_thread(
                cognito_client(stand_in.settings).initiate_auth,
                ClientId=stand_in.names.app_client_id,
                AuthFlow="USER_SRP_AUTH",
                AuthParameters=parameters,
            )
    # At our API: a session that has passed the second factor.
    body = {"password": PASSWORD}
    assert (await http.post("/v1/cognito/tokens", json={**body, "email": anna.email})).status_code == 401
    challenged = await sign_in(http, anna.email)
    assert challenged.status_code == 202
    bearer = {"Authorization": f"Bearer {challenged.json()['challenge']}"}
    assert (await http.post("/v1/cognito/tokens", json=body, headers=bearer)).status_code == 401
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update sessions set proved_at = now() - interval '6 minutes' where user_id = %s", [anna.id]
        )
    assert (await anna.post("/v1/cognito/tokens", body)).status_code == 403
    assert (await anna.post("/v1/sessions/step-up", {"password": PASSWORD})).status_code == 403
    assert (await anna.post("/v1/sessions/step-up", {"code": authenticator.code()})).status_code == 204
    assert (await anna.post("/v1/cognito/tokens", body)).status_code == 200


# Passwords that came from Supabase Auth.


async def has_hash(side: TestSide, person: Client) -> bool:
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(
            "select bcrypt is not null from imported_passwords where user_id = %s", [person.id]
        )
        row = await cursor.fetchone()
    assert row is not None
    return bool(row[0])


async def status_in_pool(stand_in: AwsStandIn, person: Client) -> str:
    user = await asyncio.to_thread(
        cognito_client(stand_in.settings).admin_get_user, UserPoolId=stand_in.names.user_pool_id, Username=person.id
    )
    return str(user["UserStatus"])


async def test_the_password_of_supabase_is_taken_once_and_is_cognitos_from_then_on(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    person = await moved(side, stand_in, http, PASSWORD)
    assert (await sign_in(http, person.email, OTHER)).status_code == 401
    assert await has_hash(side, person)
    for _ in range(2):
        signed_in = await sign_in(http, person.email)
        assert (signed_in.status_code, signed_in.json()["person"]["id"]) == (201, person.id)
        assert not await has_hash(side, person)
        assert await status_in_pool(stand_in, person) == "CONFIRMED"


async def test_one_that_cognito_would_not_take_goes_on_being_checked_against_its_hash(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    person = await moved(side, stand_in, http, "short")
    for _ in range(2):
        assert (await sign_in(http, person.email, "short")).status_code == 201
        assert await has_hash(side, person)


async def test_who_forgot_it_before_ever_signing_in_here_gets_a_code_too(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    person = await moved(side, stand_in, http, PASSWORD)
    assert (await http.post("/v1/cognito/password/forgot", json={"email": person.email})).status_code == 202
    assert (await sign_in(http, person.email)).status_code == 201, "remembered after all"
    assert (await http.post("/v1/cognito/password/forgot", json={"email": person.email})).status_code == 202
    body = {"email": person.email, "code": await code_for(stand_in, person.email), "new_password": OTHER}
    assert (await http.post("/v1/cognito/password/reset", json=body)).status_code == 204
    assert (await sign_in(http, person.email)).status_code == 401
    assert (await sign_in(http, person.email, OTHER)).status_code == 201


async def test_while_auth_stands_at_supabase_its_password_counts_and_none_is_set_in_cognito(
    aws_server: Server, token_key: Any, stand_in: AwsStandIn
) -> None:
    async with aws_server.database(aws_server.full) as side:
        async with await connect(side.owner) as connection:
            await connection.execute(sql.SQL("update cyphr.switchboard set side = 'supabase' where service = 'auth'"))
        given = {"aws": stand_in.settings, "cognito": stand_in.cognito}
        async with serve(settings_for(side, token_key=token_key, **given)) as http:
            person = await moved(side, stand_in, http, PASSWORD)
            assert (await sign_in(http, person.email)).status_code == 201
            assert await has_hash(side, person)
            assert await status_in_pool(stand_in, person) == "FORCE_CHANGE_PASSWORD"


async def test_without_a_pool_nobody_signs_in_with_a_password(side: TestSide, token_key: Any) -> None:
    async with serve(settings_for(side, token_key=token_key)) as http:
        assert (await sign_in(http, address())).status_code == 404


async def test_a_pool_that_is_down_locks_nobody_out_who_signs_in_otherwise(
    side: TestSide, token_key: Any, stand_in: AwsStandIn
) -> None:
    down = stand_in.settings.model_copy(update={"endpoint_url": "http://127.0.0.1:1"})
    async with serve(settings_for(side, token_key=token_key, aws=down, cognito=stand_in.cognito)) as http:
        anna = await register(http, "Anna")
        unavailable = await sign_in(http, anna.email)
        assert (unavailable.status_code, unavailable.json()["retryable"]) == (503, True)
        assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": "482913"})).status_code == 201


async def test_forgetting_a_password_costs_the_same_requests_for_every_address(
    http: httpx.AsyncClient, side: TestSide, token_key: Any, stand_in: AwsStandIn
) -> None:
    new, known, pin_only = [
        await moved(side, stand_in, http, PASSWORD),
        await moved(side, stand_in, http, PASSWORD),
        await register(http, "Boris"),
    ]
    assert (await sign_in(http, known.email)).status_code == 201
    door = CognitoDoor(stand_in.endpoint_url)
    async with door.open(), serve_app(door.app) as opened:
        aws = stand_in.settings.model_copy(update={"endpoint_url": str(opened.base_url).rstrip("/")})
        async with serve(settings_for(side, token_key=token_key, aws=aws, cognito=stand_in.cognito)) as through:
            costs = []
            for email in (new.email, known.email, pin_only.email, address()):
                door.asked.clear()
                assert (await through.post("/v1/cognito/password/forgot", json={"email": email})).status_code == 202
                costs.append(dict(door.asked))
    assert costs == [costs[0]] * 4
    assert costs[0]["ForgotPassword"] == 1


@pytest.mark.soak
async def test_how_long_forgetting_a_password_takes_does_not_tell_who_has_one(
    http: httpx.AsyncClient, side: TestSide, stand_in: AwsStandIn
) -> None:
    people = [await moved(side, stand_in, http, PASSWORD) for _ in range(8)]
    for person in people[:2]:
        assert (await sign_in(http, person.email)).status_code == 201

    async def forget(email: str) -> None:
        assert (await http.post("/v1/cognito/password/forgot", json={"email": email})).status_code == 202

    # Who never signed in since they moved has no password at Cognito before the first time that they forget it.
    for group, rounds in ((people[:2], 8), (people[2:], 1)):
        known = [person.email for person in group]
        assert 0.15 < await probability_that_known_ones_are_slower(known, forget, rounds=rounds) < 0.85
