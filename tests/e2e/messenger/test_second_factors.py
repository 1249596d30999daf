"""Second factors: setting them up, signing in with them, and what a thief of the first one may try."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PasskeySettings
from cyphr.schema.audit_chain import list_events
from tests.conftest import TestSide
from tests.e2e.messenger.authenticators import (
    ORIGIN,
    SITE,
    Authenticator,
    Passkey,
    set_up_authenticator,
    set_up_passkey,
)
from tests.e2e.messenger.client import PIN, Client
from tests.e2e.messenger.conftest import Register, on_one_side, serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def http(side: TestSide, token_key: Any) -> AsyncIterator[httpx.AsyncClient]:
    passkeys = PasskeySettings(site=SITE, origins=(ORIGIN,))
    async with serve(settings_for(side, token_key=token_key, passkeys=passkeys)) as client:
        yield client


async def sign_in(person: Client, **body: Any) -> httpx.Response:
    return await person.http.post("/v1/sessions", json={"email": person.email, "pin": PIN, **body})


async def challenge_of(person: Client, **body: Any) -> str:
    answer = await sign_in(person, **body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["challenge"])


async def prove(http: httpx.AsyncClient, challenge: str, **proof: Any) -> httpx.Response:
    return await http.post("/v1/sessions/challenges", json={"challenge": challenge, **proof})


async def letters(http: httpx.AsyncClient, person: Client) -> list[str]:
    answer = await http.get("/mailbox", params={"email": person.email}, headers={"Accept": "application/json"})
    return [letter["subject"] for letter in answer.json()["messages"]]


async def age_proofs(side: TestSide, person: Client) -> None:
    """Let five minutes pass since the person proved anything."""
    async with await connect(side.superuser) as connection:
        await connection.execute(
            "update public.sessions set proved_at = now() - interval '6 minutes' where user_id = %s", [person.id]
        )


async def test_who_has_an_authenticator_signs_in_with_pin_and_code(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    authenticator, codes = await set_up_authenticator(anna)
    assert len(set(codes)) == 10
    asked = await sign_in(anna)
    assert asked.status_code == 202
    assert asked.json()["factors"] == ["recovery", "totp"]
    assert asked.json()["expires_in"] == 300
    assert (await prove(http, asked.json()["challenge"], code=authenticator.wrong())).status_code == 401
    opened = await prove(http, asked.json()["challenge"], code=authenticator.code())
    assert opened.status_code == 201, opened.text
    anna.session = opened.json()
    factors = await anna.get("/v1/me/factors")
    assert [factor["kind"] for factor in factors["factors"]] == ["totp"]
    assert factors["factors"][0]["last_used_at"] is not None
    assert factors["recovery_codes"] == 10
    assert "A second factor was added to your Cyphr account" in await letters(http, anna)


@on_one_side
async def test_an_authenticator_proves_nothing_before_its_first_code(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    begun = (await anna.post("/v1/me/factors/totp", {})).json()
    assert f"secret={begun['secret']}" in begun["uri"]
    assert begun["uri"].startswith("otpauth://totp/Cyphr:")
    assert (await sign_in(anna)).status_code == 201
    wrong = Authenticator(begun["secret"]).wrong()
    assert (await anna.post(f"/v1/me/factors/totp/{begun['id']}/confirm", {"code": wrong})).status_code == 422
    assert (await anna.get("/v1/me/factors"))["factors"] == []


async def test_a_code_counts_once_whoever_tries_it_again(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    authenticator, _ = await set_up_authenticator(anna)
    code = authenticator.code()
    challenges = [await challenge_of(anna) for _ in range(4)]
    answers = await asyncio.gather(*(prove(http, challenge, code=code) for challenge in challenges))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    # Not even the code of the moment before, which was never typed, once a later one was.
    assert (await prove(http, await challenge_of(anna), code=authenticator.code(0))).status_code == 401


@on_one_side
async def test_a_recovery_code_counts_once_however_it_is_typed(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    _, codes = await set_up_authenticator(anna)
    challenges = [await challenge_of(anna) for _ in range(3)]
    answers = await asyncio.gather(
        *(prove(http, one, recovery_code=codes[0].upper().replace("-", " ")) for one in challenges)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    assert (await anna.get("/v1/me/factors"))["recovery_codes"] == 9
    renewed = await anna.post("/v1/me/recovery-codes", None)
    assert len(renewed.json()["recovery_codes"]) == 10
    challenge = await challenge_of(anna)
    assert (await prove(http, challenge, recovery_code=codes[1])).status_code == 401
    assert (await prove(http, challenge, recovery_code=renewed.json()["recovery_codes"][0])).status_code == 201


async def test_five_guesses_lock_the_codes_however_many_challenges_are_open(
    http: httpx.AsyncClient, side: TestSide, join: Register
) -> None:
    anna = await join()
    authenticator, codes = await set_up_authenticator(anna)
    passkey = await set_up_passkey(anna)
    challenges = [await challenge_of(anna) for _ in range(8)]
    guesses = await asyncio.gather(*(prove(http, one, code=authenticator.wrong()) for one in challenges))
    assert sorted(guess.status_code for guess in guesses) == [401] * 5 + [429] * 3
    locked = await prove(http, challenges[0], code=authenticator.code())
    assert (locked.status_code, locked.json()["code"]) == (429, "rate_limited")
    assert (await prove(http, challenges[0], recovery_code=codes[0])).status_code == 429
    async with await connect(side.owner) as connection:
        events = await list_events(connection, subject=UUID(anna.id))
    assert [one.event for one in events].count("factor.locked") == 1
    # Who guesses locks codes, not their owner: a passkey cannot be guessed.
    assert (await prove_with_passkey(http, challenges[0], passkey)).status_code == 201


@on_one_side
async def test_a_challenge_is_answered_once_by_the_device_that_began_and_in_time(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna, boris = await join(), await join("Boris")
    authenticator, codes = await set_up_authenticator(anna)
    of_boris, _ = await set_up_authenticator(boris)
    device = str(uuid4())
    challenge = await challenge_of(anna, device_id=device)
    assert (await prove(http, challenge, code=authenticator.code())).status_code == 401
    assert (await prove(http, challenge, code=authenticator.code(), device_id=str(uuid4()))).status_code == 401
    assert (await prove(http, challenge, code=of_boris.code(), device_id=device)).status_code == 401
    assert (await prove(http, challenge, code=authenticator.code(), device_id=device)).status_code == 201
    assert (await prove(http, challenge, recovery_code=codes[0], device_id=device)).status_code == 401
    assert (await anna.get("/v1/me/factors"))["recovery_codes"] == 10
    late = await challenge_of(anna)
    async with await connect(side.superuser) as connection:
        await connection.execute(
            "update public.sign_in_challenges set expires_at = now() where user_id = %s", [anna.id]
        )
    assert (await prove(http, late, recovery_code=codes[0])).status_code == 401
    assert (await prove(http, "nonsense", code="000000")).status_code == 401


async def prove_with_passkey(http: httpx.AsyncClient, challenge: str, passkey: Passkey) -> httpx.Response:
    asked = await http.post("/v1/sessions/challenges/passkey", json={"challenge": challenge})
    assert asked.status_code == 200, asked.text
    return await prove(http, challenge, credential=passkey.answer(asked.json()["options"]))


async def test_a_passkey_is_a_second_factor(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    passkey = await set_up_passkey(anna)
    asked = await sign_in(anna)
    assert asked.json()["factors"] == ["passkey", "recovery"]
    assert (await prove_with_passkey(http, asked.json()["challenge"], passkey)).status_code == 201


@on_one_side
async def test_a_passkey_signs_in_alone(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    await set_up_authenticator(anna)
    passkey = await set_up_passkey(anna, Passkey(counts=False))
    for _ in range(2):
        opened = await sign_in_with(http, passkey)
        assert opened.status_code == 201, opened.text
        assert opened.json()["person"]["id"] == anna.id


async def sign_in_with(http: httpx.AsyncClient, passkey: Passkey) -> httpx.Response:
    asked = (await http.post("/v1/sessions/passkeys/options", json={})).json()
    assert asked["options"].get("allowCredentials", []) == []
    body = {"challenge": asked["challenge"], "credential": passkey.answer(asked["options"])}
    return await http.post("/v1/sessions/passkeys", json=body)


async def test_a_passkeys_answer_counts_once_and_only_for_what_was_asked(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna = await join()
    passkey = await set_up_passkey(anna)
    asked = (await http.post("/v1/sessions/passkeys/options", json={})).json()
    body = {"challenge": asked["challenge"], "credential": passkey.answer(asked["options"])}
    answers = await asyncio.gather(*(http.post("/v1/sessions/passkeys", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    other = (await http.post("/v1/sessions/passkeys/options", json={})).json()["challenge"]
    assert (await http.post("/v1/sessions/passkeys", json=body | {"challenge": other})).status_code == 401
    # A challenge of one kind is no challenge of another.
    challenge = await challenge_of(anna)
    assert (await http.post("/v1/sessions/passkeys", json=body | {"challenge": challenge})).status_code == 401
    assert (await prove(http, other, credential=body["credential"])).status_code == 401


@on_one_side
async def test_a_passkey_that_has_lost_count_is_refused_and_its_owner_told(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna = await join()
    passkey = await set_up_passkey(anna)
    assert (await sign_in_with(http, passkey)).status_code == 201
    passkey.counter = 0
    assert (await sign_in_with(http, passkey)).status_code == 401
    assert "A passkey of your Cyphr account was refused" in await letters(http, anna)


@on_one_side
@pytest.mark.parametrize("flaw", ["origin", "unverified", "key", "owner"])
async def test_a_passkeys_answer_with_a_flaw_is_refused(http: httpx.AsyncClient, join: Register, flaw: str) -> None:
    anna, boris = await join(), await join("Boris")
    passkey, of_boris = await set_up_passkey(anna), await set_up_passkey(boris)
    match flaw:
        case "origin":
            passkey.origin = "https://localhost.example.org"
        case "unverified":
            passkey.verified = False
        case "key":
            passkey.key = of_boris.key
        case _:
            passkey.user = of_boris.user
    assert (await sign_in_with(http, passkey)).status_code == 401
    # Nor does one person's passkey answer for another.
    challenge = await challenge_of(anna)
    asked = (await http.post("/v1/sessions/challenges/passkey", json={"challenge": challenge})).json()
    assert (await prove(http, challenge, credential=of_boris.answer(asked["options"]))).status_code == 401


@on_one_side
async def test_a_passkey_is_taken_from_the_session_that_asked_for_it_only(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna, boris = await join(), await join("Boris")
    asked = (await anna.post("/v1/me/factors/passkeys/options", None)).json()
    body = {"challenge": asked["challenge"], "credential": Passkey().make(asked["options"])}
    assert (await boris.post("/v1/me/factors/passkeys", body)).status_code == 422
    elsewhere = Passkey(origin="https://evil.example").make(asked["options"])
    assert (await anna.post("/v1/me/factors/passkeys", body | {"credential": elsewhere})).status_code == 422
    unlocked = Passkey(verified=False).make(asked["options"])
    assert (await anna.post("/v1/me/factors/passkeys", body | {"credential": unlocked})).status_code == 422
    assert (await anna.post("/v1/me/factors/passkeys", body)).status_code == 201
    assert (await anna.post("/v1/me/factors/passkeys", body)).status_code == 422


async def test_what_weakens_an_account_needs_a_fresh_proof(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna = await join()
    await age_proofs(side, anna)
    for path in ("/v1/me/factors/totp", "/v1/me/factors/passkeys/options", "/v1/me/recovery-codes"):
        refused = await anna.post(path, {})
        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required"), path
    assert (await anna.post("/v1/sessions/step-up", {"pin": "0000"})).status_code == 401
    assert (await anna.post("/v1/me/factors/totp", {})).status_code == 403
    assert (await anna.post("/v1/sessions/step-up", {"pin": PIN})).status_code == 204
    authenticator, codes = await set_up_authenticator(anna)
    passkey = await set_up_passkey(anna)
    factor = (await anna.get("/v1/me/factors"))["factors"][0]["id"]
    await age_proofs(side, anna)
    assert (await anna.delete(f"/v1/me/factors/{factor}")).status_code == 403
    # Who has a second factor proves with it: a PIN that was looked over a shoulder is not enough.
    assert (await anna.post("/v1/sessions/step-up", {"pin": PIN})).status_code == 403
    asked = (await anna.post("/v1/sessions/step-up/options", None)).json()
    answer = {"challenge": asked["challenge"], "credential": passkey.answer(asked["options"])}
    assert (await anna.post("/v1/sessions/step-up", answer)).status_code == 204
    assert (await anna.post("/v1/sessions/step-up", answer)).status_code == 401
    await age_proofs(side, anna)
    assert (await anna.post("/v1/sessions/step-up", {"code": authenticator.code()})).status_code == 204
    assert (await anna.delete(f"/v1/me/factors/{factor}")).status_code == 204
    assert codes


@on_one_side
async def test_a_proof_of_one_session_is_none_of_another(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna = await join()
    passkey = await set_up_passkey(anna)
    other = Client(http, anna.base, anna.email, (await sign_in_with(http, passkey)).json(), anna.websocket)
    await age_proofs(side, anna)
    asked = (await anna.post("/v1/sessions/step-up/options", None)).json()
    answer = {"challenge": asked["challenge"], "credential": passkey.answer(asked["options"])}
    assert (await other.post("/v1/sessions/step-up", answer)).status_code == 401
    assert (await anna.post("/v1/sessions/step-up", answer)).status_code == 204
    assert (await other.post("/v1/me/recovery-codes", None)).status_code == 403
    assert (await anna.post("/v1/me/recovery-codes", None)).status_code == 200


@on_one_side
async def test_removing_the_last_factor_is_told_and_ends_asking(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    await set_up_authenticator(anna)
    factor = (await anna.get("/v1/me/factors"))["factors"][0]["id"]
    assert (await anna.delete(f"/v1/me/factors/{factor}")).status_code == 204
    answer = await http.get("/mailbox", params={"email": anna.email}, headers={"Accept": "application/json"})
    assert "It was the last" in answer.json()["messages"][0]["text"]
    assert (await anna.get("/v1/me/factors")) == {"factors": [], "recovery_codes": 0}
    assert (await sign_in(anna)).status_code == 201


@on_one_side
async def test_secrets_are_stored_sealed_and_codes_hashed(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna = await join()
    authenticator, codes = await set_up_authenticator(anna)
    async with await connect(side.superuser) as connection:
        cursor = await connection.execute("select secret from public.mfa_factors where user_id = %s", [anna.id])
        sealed = [bytes(row[0]) for row in await cursor.fetchall()]
        cursor = await connection.execute("select code_hash from public.recovery_codes where user_id = %s", [anna.id])
        hashes = [bytes(row[0]) for row in await cursor.fetchall()]
    assert len(sealed) == 1
    assert authenticator.secret.encode() not in sealed[0]
    assert len(hashes) == 10
    assert not any(code.replace("-", "").encode() in stored for code in codes for stored in hashes)


@on_one_side
async def test_who_is_suspended_meanwhile_is_not_let_in(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna = await join()
    authenticator, _ = await set_up_authenticator(anna)
    challenge = await challenge_of(anna)
    async with await connect(side.superuser) as connection:
        await connection.execute("update public.users set suspended_at = now() where id = %s", [anna.id])
    assert (await prove(http, challenge, code=authenticator.code())).json()["code"] == "suspended"
    refused = await sign_in(anna)
    assert (refused.status_code, refused.json()["code"]) == (403, "suspended")
    again = await http.post("/v1/sessions/refresh", json={"refresh_token": anna.session["refresh_token"]})
    assert again.status_code == 401
