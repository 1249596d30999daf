"""Where people are signed in: what they see, hear and can end of it, and what a thief may try."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN, Client
from tests.e2e.messenger.conftest import Register, on_one_side

NEW_DEVICE = "A new device signed in to your Cyphr account"
REUSED = "A session of your Cyphr account was ended"


async def sign_in(person: Client, **body: Any) -> Client:
    answer = await person.http.post("/v1/sessions", json={"email": person.email, "pin": PIN, **body})
    assert answer.status_code == 201, answer.text
    return Client(person.http, person.base, person.email, answer.json(), person.websocket)


async def refresh(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/v1/sessions/refresh", json={"refresh_token": token})


async def subjects(person: Client) -> list[str]:
    answer = await person.http.get("/mailbox", params={"email": person.email}, headers={"Accept": "application/json"})
    return [letter["subject"] for letter in answer.json()["messages"]]


async def test_a_person_sees_names_and_ends_their_sessions(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join(device="laptop")
    phone = await sign_in(anna, device="phone")
    mine = await anna.get("/v1/sessions")
    assert [(one["device"], one["current"], one["method"]) for one in mine] == [
        ("phone", False, "pin"),
        ("laptop", True, "pin"),
    ]
    assert all(one["place"] == "127.0.0.1" and "httpx" in one["user_agent"] for one in mine)
    path = f"/v1/sessions/{mine[0]['id']}"
    assert (await anna.put(f"{path}/name", {"name": "the red one"})).status_code == 204
    assert (await phone.get("/v1/sessions"))[0]["name"] == "the red one"
    async with phone.socket() as socket:
        assert (await anna.delete(path)).status_code == 204
        with pytest.raises(ConnectionClosed):
            await socket.until("never")
    assert await phone.get_status("/v1/me") == 401
    assert (await refresh(http, phone.session["refresh_token"])).status_code == 401
    assert (await anna.delete(path)).status_code == 404
    assert (await anna.put(f"{path}/name", {"name": "again"})).status_code == 404
    others = [await sign_in(anna) for _ in range(2)]
    assert (await anna.delete("/v1/sessions")).status_code == 204
    assert [await other.get_status("/v1/me") for other in others] == [401, 401]
    assert len(await anna.get("/v1/sessions")) == 1


@on_one_side
async def test_a_new_device_is_told_by_mail_and_to_whoever_is_connected(join: Register) -> None:
    laptop, phone = str(uuid4()), str(uuid4())
    anna = await join(device_id=laptop)
    assert NEW_DEVICE not in await subjects(anna)
    async with anna.socket() as socket:
        await sign_in(anna, device_id=laptop)
        assert NEW_DEVICE not in await subjects(anna)
        there = await sign_in(anna, device_id=phone, device="phone")
        told = await socket.until("me.device")
    found = {one["id"]: one for one in await anna.get("/v1/sessions")}
    assert found[told["d"]["session_id"]]["device"] == told["d"]["device"] == "phone"
    assert (await subjects(anna)).count(NEW_DEVICE) == 1
    await sign_in(anna, device_id=phone)
    assert (await subjects(anna)).count(NEW_DEVICE) == 1
    # What was ended from afar is a stranger again, and so is what does not say who it is.
    current = next(one["id"] for one in await there.get("/v1/sessions") if one["current"])
    assert (await anna.delete(f"/v1/sessions/{current}")).status_code == 204
    await sign_in(anna, device_id=phone)
    await sign_in(anna)
    assert (await subjects(anna)).count(NEW_DEVICE) == 3


async def test_a_device_of_the_first_server_is_known_by_its_fingerprint(join: Register, side: TestSide) -> None:
    anna, boris = await join(), await join("Boris")
    fingerprint = f"print-{uuid4()}"
    device_id = str(UUID(hashlib.md5(fingerprint.encode()).hexdigest()))
    async with await connect(side.superuser) as connection:
        await connection.execute(
            "insert into public.device_registrations (device_fingerprint, user_id) values (%s, %s)",
            [fingerprint, anna.id],
        )
    await sign_in(anna, device_id=device_id)
    assert NEW_DEVICE not in await subjects(anna)
    assert [one["registered_at"] is not None for one in await anna.get("/v1/sessions")] == [True, False]
    await sign_in(boris, device_id=device_id)
    assert NEW_DEVICE in await subjects(boris)


async def test_two_windows_that_refresh_at_once_both_go_on(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    answers = await asyncio.gather(*(refresh(http, anna.session["refresh_token"]) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    # Whichever of the answers the windows keep, it works; and then the others are copies.
    assert (await refresh(http, answers[2].json()["refresh_token"])).status_code == 200
    assert REUSED not in await subjects(anna)
    assert (await refresh(http, answers[0].json()["refresh_token"])).status_code == 401
    assert (await refresh(http, answers[2].json()["refresh_token"])).status_code == 401
    assert await anna.get_status("/v1/me") == 401
    assert (await subjects(anna)).count(REUSED) == 1


@on_one_side
async def test_a_refresh_token_that_is_used_again_later_ends_its_family(
    http: httpx.AsyncClient, join: Register, side: TestSide
) -> None:
    anna = await join()
    first = anna.session["refresh_token"]
    anna.session = (await refresh(http, first)).json()
    async with await connect(side.superuser) as connection:
        await connection.execute(
            "update public.refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null"
        )
    assert (await refresh(http, first)).status_code == 401
    assert await anna.get_status("/v1/me") == 401
    assert REUSED in await subjects(anna)


@on_one_side
async def test_no_cookie_signs_anybody_in_and_none_is_set(http: httpx.AsyncClient, join: Register) -> None:
    """Another site's page can make a browser send cookies, not an Authorization header: there is nothing to forge."""
    anna = await join()
    token = anna.session["access_token"]
    for cookie in ("access_token", "session", "Authorization", "token", "sid"):
        headers = {"Cookie": f"{cookie}={token}; {cookie}=Bearer {token}", "Origin": "https://evil.example"}
        assert (await http.get("/v1/me", headers=headers)).status_code == 401
        assert (await http.delete("/v1/sessions", headers=headers)).status_code == 401
    assert (await http.get("/v1/me", params={"access_token": token, "token": token})).status_code == 401
    answers = [
        await http.post("/v1/sessions", json={"email": anna.email, "pin": PIN}),
        await refresh(http, anna.session["refresh_token"]),
        await http.get("/v1/me", headers=anna.auth),
    ]
    assert not any("set-cookie" in answer.headers for answer in answers)


@on_one_side
async def test_nobody_can_choose_the_session_that_somebody_else_will_sign_in_to(
    http: httpx.AsyncClient, join: Register
) -> None:
    anna, thief = await join(), await join("Thief")
    held = (await thief.get("/v1/sessions"))[0]["id"]
    body = {"email": anna.email, "pin": PIN, "id": held, "session_id": held, "challenge": "known"}
    answer = await http.post(
        "/v1/sessions", json=body | {"refresh_token": thief.session["refresh_token"]}, headers=thief.auth
    )
    assert answer.status_code == 201
    assert answer.json()["refresh_token"] != thief.session["refresh_token"]
    mine = Client(http, anna.base, anna.email, answer.json(), anna.websocket)
    assert held not in {one["id"] for one in await mine.get("/v1/sessions")}
    assert (await thief.get("/v1/me"))["id"] == thief.id
