"""Sign-in, sessions, and what an outsider may learn of them."""

import asyncio
import base64
import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cyphr.embedded.mailbox import Mailbox
from cyphr.messenger.app import build_messenger
from cyphr.messenger.http import build_app
from cyphr.messenger.sessions.beliefs import BELIEVED_SECONDS
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN
from tests.e2e.messenger.conftest import Register, on_one_side, serve_app, settings_for


async def test_a_wrong_pin_and_an_unknown_address_get_the_same_answer(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    wrong = await http.post("/v1/sessions", json={"email": anna.email, "pin": "0000"})
    unknown = await http.post("/v1/sessions", json={"email": "nobody@example.org", "pin": "0000"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "not_authenticated"
    codes = [await http.post("/v1/accounts/codes", json={"email": email}) for email in (anna.email, "new@example.org")]
    assert {(answer.status_code, answer.text) for answer in codes} == {(202, "{}")}


@pytest.mark.parametrize("known", [True, False])
async def test_five_wrong_pins_lock_an_address_known_or_not(
    http: httpx.AsyncClient, join: Register, known: bool
) -> None:
    email = (await join()).email if known else f"locked{uuid4().hex}@example.org"
    guesses = await asyncio.gather(
        *(http.post("/v1/sessions", json={"email": email, "pin": f"000{number}"}) for number in range(8))
    )
    assert sorted(guess.status_code for guess in guesses) == [401] * 5 + [429] * 3
    locked = await http.post("/v1/sessions", json={"email": email, "pin": PIN})
    assert (locked.status_code, locked.json()["code"]) == (429, "rate_limited")
    assert 0 < int(locked.headers["retry-after"]) <= 15 * 60


async def test_a_right_pin_clears_the_count(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    for _ in range(3):
        for _ in range(4):
            assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": "0000"})).status_code == 401
        assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).status_code == 201


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna = await join()
    first = anna.session["refresh_token"]
    rotated = await http.post("/v1/sessions/refresh", json={"refresh_token": first})
    assert rotated.status_code == 200
    assert rotated.json()["person"] == anna.session["person"]
    rotated = await http.post("/v1/sessions/refresh", json={"refresh_token": rotated.json()["refresh_token"]})
    anna.session = rotated.json()
    async with anna.socket() as socket:
        reused = await http.post("/v1/sessions/refresh", json={"refresh_token": first})
        assert reused.status_code == 401
        with pytest.raises(ConnectionClosed) as closed:
            await socket.until("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    assert (await http.get("/v1/me", headers=anna.auth)).status_code == 401
    dead = await http.post("/v1/sessions/refresh", json={"refresh_token": anna.session["refresh_token"]})
    assert dead.status_code == 401


async def test_signing_out_ends_this_session_and_no_other(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    other = (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).json()
    assert (await http.delete("/v1/sessions/current", headers=anna.auth)).status_code == 204
    assert (await http.get("/v1/me", headers=anna.auth)).status_code == 401
    anna.session = other
    assert (await anna.get("/v1/me"))["email"] == anna.email


async def test_changing_the_pin_needs_the_old_one_and_ends_the_other_sessions(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna = await join()
    other = (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).json()["access_token"]
    refused = await http.put("/v1/me/pin", json={"pin": "0000", "new_pin": "987654"}, headers=anna.auth)
    assert refused.status_code == 401
    assert (await http.put("/v1/me/pin", json={"pin": PIN, "new_pin": "987654"}, headers=anna.auth)).status_code == 204
    assert (await http.get("/v1/me", headers={"Authorization": f"Bearer {other}"})).status_code == 401
    assert (await http.get("/v1/me", headers=anna.auth)).status_code == 200
    assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})).status_code == 401
    assert (await http.post("/v1/sessions", json={"email": anna.email, "pin": "987654"})).status_code == 201


async def test_a_code_is_good_for_five_tries_and_one_account(http: httpx.AsyncClient, join: Register) -> None:
    email = f"coded{uuid4().hex}@example.org"

    async def code() -> str:
        await http.post("/v1/accounts/codes", json={"email": email})
        letters = await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})
        return str(letters.json()["messages"][0]["code"])

    async def register(given: str) -> httpx.Response:
        return await http.post(
            "/v1/accounts", json={"email": email, "code": given, "full_name": "Anna", "pin": PIN, "cyphr_id": None}
        )

    right = await code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert [(await register(wrong)).status_code for _ in range(5)] == [422] * 5
    assert (await register(right)).status_code == 422
    right = await code()
    assert (await register(right)).status_code == 201
    assert (await register(right)).status_code == 422


async def test_a_name_that_is_taken_is_refused_and_does_not_use_up_the_code(
    http: httpx.AsyncClient, join: Register
) -> None:
    name = f"@taken{uuid4().hex[:8]}"
    await join(cyphr_id=name)
    email = f"second{uuid4().hex}@example.org"
    await http.post("/v1/accounts/codes", json={"email": email})
    letters = await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})
    body = {"email": email, "code": letters.json()["messages"][0]["code"], "full_name": "Boris", "pin": PIN}
    assert (await http.post("/v1/accounts", json=body | {"cyphr_id": name.upper()})).status_code == 409
    assert (await http.post("/v1/accounts", json=body | {"cyphr_id": f"{name}2"})).status_code == 201


@on_one_side
async def test_an_ended_session_is_served_by_another_server_for_half_a_minute_and_no_longer(
    http: httpx.AsyncClient, side: TestSide, token_key: Path, join: Register
) -> None:
    anna, moment = await join(), [0.0]
    settings = settings_for(side, token_key=token_key)
    other = build_app(settings, build_messenger(settings, Mailbox(), clock=lambda: moment[0]))
    async with serve_app(other) as elsewhere:

        async def served() -> int:
            return (await elsewhere.get("/v1/me", headers=anna.auth)).status_code

        assert await served() == 200
        assert (await anna.delete("/v1/sessions/current")).status_code == 204
        assert await anna.get_status("/v1/me") == 401, "where it was ended, at once"
        moment[0] = BELIEVED_SECONDS
        assert await served() == 200, "it is believed, or the clock would show nothing"
        moment[0] = BELIEVED_SECONDS + 0.001
        assert await served() == 401
        moment[0] = 0.0
        assert await served() == 401, "what was found out is not forgotten"
    assert BELIEVED_SECONDS == 30


async def test_a_token_that_was_forged_or_changed_is_refused(http: httpx.AsyncClient, join: Register) -> None:
    anna, boris = await join(), await join()
    header, claims, signature = anna.session["access_token"].split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(content | {"sub": boris.id}).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for token in (f"{header}.{changed}.{signature}", f"{unsigned}.{changed}.", "nonsense", "x.y.z"):
        answer = await http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), token


@on_one_side
@pytest.mark.parametrize(
    "frame",
    ['{"v":1,"t":"hello","d":{"token":"nonsense"}}', '{"v":1,"t":"ping"}', "not json", '{"v":1,"t":"hello","d":{}}'],
)
async def test_a_websocket_without_a_good_hello_is_closed_with_4401(http: httpx.AsyncClient, frame: str) -> None:
    async with connect(f"{http.base_url}".replace("http", "ws").rstrip("/") + "/v1/ws") as websocket:
        await websocket.send(frame)
        assert json.loads(await websocket.recv()) == {"v": 1, "t": "bye", "d": {"code": 4401}}
        with pytest.raises(ConnectionClosed) as closed:
            await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
