"""PINs: forgotten, changed, guessed by many at once, and what an outsider learns by trying."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from cyphr.foundation.postgres import connect
from cyphr.messenger.sessions.pins import Pins
from cyphr.schema.audit_chain import list_events, prove
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN, Client, register
from tests.e2e.messenger.conftest import Register, on_one_side, serve, settings_for
from tests.e2e.messenger.timing import probability_that_known_ones_are_slower


@pytest_asyncio.fixture(scope="module")
async def http(side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(side, token_key=token_key), dear_pins=True) as client:
        yield client


async def letters(http: httpx.AsyncClient, email: str) -> list[dict[str, Any]]:
    """Newest first."""
    answer = await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


async def sign_in(http: httpx.AsyncClient, email: str, pin: str) -> int:
    return (await http.post("/v1/sessions", json={"email": email, "pin": pin})).status_code


async def ask_for_recovery(http: httpx.AsyncClient, email: str) -> str:
    answer = await http.post("/v1/accounts/recovery/codes", json={"email": email})
    assert (answer.status_code, answer.text) == (202, "{}")
    return str((await letters(http, email))[0]["code"])


async def recover(http: httpx.AsyncClient, email: str, code: str, pin: str = "7410") -> httpx.Response:
    return await http.post("/v1/accounts/recovery", json={"email": email, "code": code, "new_pin": pin})


async def events_of(side: TestSide, person: Client) -> list[str]:
    async with await connect(side.owner) as connection:
        return [one.event for one in await list_events(connection, subject=person.session["person"]["id"])]


async def test_who_forgot_the_pin_sets_a_new_one_by_mail_and_every_session_ends(
    http: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    for _ in range(5):
        assert await sign_in(http, anna.email, "0000") == 401
    assert await sign_in(http, anna.email, PIN) == 429
    code = await ask_for_recovery(http, anna.email)
    assert (await recover(http, anna.email, code)).status_code == 204
    assert (await http.get("/v1/me", headers=anna.auth)).status_code == 401
    assert await sign_in(http, anna.email, PIN) == 401
    assert await sign_in(http, anna.email, "7410") == 201
    assert "Your PIN was changed" in [letter["subject"] for letter in await letters(http, anna.email)]
    assert (await recover(http, anna.email, code, "9999")).status_code == 422, "a code is good once"
    assert await events_of(side, anna) == [
        "session.opened", "device.new", "pin.recovered", "pin.locked", "session.opened", "account.registered",
    ]  # fmt: skip
    async with await connect(side.owner) as connection:
        assert (await prove(connection)).flaw is None


@on_one_side
async def test_what_becomes_of_sessions_is_noted(http: httpx.AsyncClient, side: TestSide, join: Register) -> None:
    anna = await join()
    first = {"refresh_token": anna.session["refresh_token"]}
    second = (await http.post("/v1/sessions/refresh", json=first)).json()["refresh_token"]
    assert (await http.post("/v1/sessions/refresh", json={"refresh_token": second})).status_code == 200
    assert (await http.post("/v1/sessions/refresh", json=first)).status_code == 401
    anna.session = (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).json()
    assert (await anna.put("/v1/me/pin", {"pin": PIN, "new_pin": "7410"})).status_code == 204
    assert (await anna.delete("/v1/sessions/current")).status_code == 204
    assert await events_of(side, anna) == [
        "session.revoked", "pin.changed", "session.opened", "device.new", "session.reused", "session.opened",
        "account.registered",
    ]  # fmt: skip


@on_one_side
async def test_recovery_and_registration_answer_alike_whether_there_is_an_account_and_mail_tells(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna, stranger = await join(), f"nobody{uuid4().hex}@example.org"
    for path in ("/v1/accounts/codes", "/v1/accounts/recovery/codes"):
        answers = [await http.post(path, json={"email": email}) for email in (anna.email, stranger)]
        assert {(answer.status_code, answer.text) for answer in answers} == {(202, "{}")}
    known, unknown = await letters(http, anna.email), await letters(http, stranger)
    assert [(letter["subject"], bool(letter["code"])) for letter in known[:2]] == [
        ("Your code for a new PIN", True),
        ("You have a Cyphr account already", False),
    ]
    assert [(letter["subject"], bool(letter["code"])) for letter in unknown] == [
        ("No Cyphr account has this address", False),
        ("Your Cyphr code", True),
    ]
    registration = {"full_name": "Anna", "pin": PIN, "code": "000000"}
    refused = [
        await http.post("/v1/accounts", json={"email": email, **registration}) for email in (anna.email, stranger)
    ]
    refused += [await recover(http, email, "000000") for email in (anna.email, stranger)]
    assert {(answer.status_code, answer.text) for answer in refused} == {(422, refused[0].text)}


@on_one_side
async def test_a_code_for_registering_recovers_nothing_and_the_other_way_round(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna, email = await join(), f"new{uuid4().hex}@example.org"
    code = await ask_for_recovery(http, anna.email)
    body = {"email": anna.email, "code": code, "full_name": "Anna", "pin": PIN}
    assert (await http.post("/v1/accounts", json=body)).status_code == 422
    await http.post("/v1/accounts/codes", json={"email": email})
    assert (await recover(http, email, (await letters(http, email))[0]["code"])).status_code == 422


@on_one_side
async def test_guesses_of_a_recovery_code_sent_at_once_are_counted(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    right = await ask_for_recovery(http, anna.email)
    wrong = [f"{(int(right) + number) % 1_000_000:06d}" for number in range(1, 8)]
    answers = await asyncio.gather(*(recover(http, anna.email, code) for code in wrong))
    assert {answer.status_code for answer in answers} == {422}
    assert (await recover(http, anna.email, right)).status_code == 422, "five tries were used up"
    assert await sign_in(http, anna.email, PIN) == 201


@on_one_side
async def test_a_new_pin_has_four_to_six_digits_and_an_old_longer_one_still_signs_in(
    http: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    for pin in ("123", "1234567", "12345x", "", "１２３４"):
        answer = await http.put("/v1/me/pin", json={"pin": PIN, "new_pin": pin}, headers=anna.auth)
        assert answer.status_code == 422, pin
    async with await connect(side.owner) as connection:
        longer = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("12345678")
        await connection.execute("update users set pin_hash = %s where id = %s", [longer, anna.id])
    assert await sign_in(http, anna.email, "12345678") == 201


@on_one_side
async def test_a_hash_of_other_parameters_is_made_anew_when_its_owner_signs_in_and_not_by_a_guess(
    http: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PIN)

    async def stored() -> str:
        async with await connect(side.owner) as connection:
            cursor = await connection.execute("select pin_hash from users where id = %s", [anna.id])
            row = await cursor.fetchone()
            return str(row and row[0])

    async with await connect(side.owner) as connection:
        await connection.execute("update users set pin_hash = %s where id = %s", [old, anna.id])
    assert await sign_in(http, anna.email, "0000") == 401
    assert await stored() == old
    assert await sign_in(http, anna.email, PIN) == 201
    assert (await stored()).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await sign_in(http, anna.email, PIN) == 201


@pytest_asyncio.fixture(scope="module")
async def other_server(side: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A second server over the same database, where one address may try few PINs."""
    settings = settings_for(side, token_key=token_key, wrong_pins_per_address=12)
    async with serve(settings, dear_pins=True) as client:
        yield client


@on_one_side
async def test_guesses_at_once_on_two_servers_are_five_in_all(
    http: httpx.AsyncClient, other_server: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    await forget_addresses(side)
    servers = [http, other_server] * 8
    answers = await asyncio.gather(*(sign_in(server, anna.email, f"{n:04d}") for n, server in enumerate(servers)))
    assert sorted(answers) == [401] * 5 + [429] * 11


@on_one_side
async def test_one_address_that_tries_many_accounts_is_slowed_on_every_server_and_locks_nobody(
    http: httpx.AsyncClient, other_server: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    await forget_addresses(side)
    tried = [f"victim{uuid4().hex}@example.org" for _ in range(16)]
    answers = [await sign_in(other_server, email, "0000") for email in tried]
    assert answers == [401] * 12 + [429] * 4
    refused = await other_server.post("/v1/sessions", json={"email": anna.email, "pin": PIN})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
    # The count is the database's: this server allows more, and goes on from there.
    assert await sign_in(http, anna.email, PIN) == 201
    async with await connect(side.owner) as connection:
        cursor = await connection.execute("select failed from sign_in_addresses")
        assert await cursor.fetchall() == [(12,)]
        cursor = await connection.execute(
            "select count(*) from sign_in_attempts where email_hash = any(%s)",
            [[hash_of(email) for email in tried[12:]]],
        )
        assert await cursor.fetchone() == (0,), "what was refused for its address counts for no account"


@on_one_side
async def test_an_own_account_does_not_clear_the_count_of_an_address(
    other_server: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    mallory = await join()
    await forget_addresses(side)
    outcomes = []
    for number in range(14):
        outcomes.append(await sign_in(other_server, f"victim{number}-{uuid4().hex}@example.org", "0000"))
        await sign_in(other_server, mallory.email, PIN)
    assert outcomes.count(401) <= 12
    assert outcomes[-1] == 429


async def forget_addresses(side: TestSide) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute("truncate sign_in_addresses")


def hash_of(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


@on_one_side
async def test_many_addresses_that_try_many_accounts_have_five_guesses_at_each(
    http: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    """Whoever has as many addresses as they like is held by the count of each account, which knows no address."""
    people = await asyncio.gather(*(join() for _ in range(3)))
    outcomes: dict[str, list[int]] = {person.email: [] for person in people}
    for number in range(7):
        await forget_addresses(side)  # the next seven come from elsewhere
        for email, seen in outcomes.items():
            seen.append(await sign_in(http, email, f"{number:04d}"))
    assert set(map(tuple, outcomes.values())) == {(401, 401, 401, 401, 401, 429, 429)}


@pytest_asyncio.fixture(scope="module")
async def crowd(http: httpx.AsyncClient) -> list[Client]:
    """People of whom others try to find out whether they have an account."""
    return await asyncio.gather(*(register(http, "Anna") for _ in range(8)))


async def post(http: httpx.AsyncClient, what: str, email: str) -> None:
    """Ask as somebody would who wants to know whether an address has an account."""
    path, body, wanted = {
        "signing in": ("/v1/sessions", {"pin": "0000"}, 401),
        "a code to register with": ("/v1/accounts/codes", {}, 202),
        "a code for a new PIN": ("/v1/accounts/recovery/codes", {}, 202),
        "a new PIN": ("/v1/accounts/recovery", {"code": "000000", "new_pin": "7410"}, 422),
    }[what]
    answer = await http.post(path, json={"email": email, **body})
    assert answer.status_code == wanted, answer.text


@on_one_side
@pytest.mark.parametrize(
    "what",
    [
        "signing in",
        "a code to register with",
        "a code for a new PIN",
        pytest.param("a new PIN", marks=pytest.mark.soak),
    ],
)
async def test_how_long_an_answer_takes_does_not_tell_who_has_an_account(
    http: httpx.AsyncClient, side: TestSide, crowd: list[Client], what: str
) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute("delete from email_codes")  # what one test has sent is not to end another's
    known = [person.email for person in crowd]
    assert 0.2 < await probability_that_known_ones_are_slower(known, partial(post, http, what)) < 0.8


@on_one_side
async def test_the_comparison_of_times_notices_when_nothing_is_hashed_for_an_unknown_address(
    http: httpx.AsyncClient, join: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await asyncio.gather(*(join() for _ in range(3)))
    check = Pins.matches

    async def careless(self: Pins, pin_hash: str | None, pin: str) -> bool:
        return pin_hash is not None and await check(self, pin_hash, pin)

    monkeypatch.setattr(Pins, "matches", careless)
    known = [person.email for person in people]
    assert await probability_that_known_ones_are_slower(known, partial(post, http, "signing in")) > 0.8
