"""What every request passes: headers, problems, limits, the web client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cyphr.messenger.patience import ImpatientProtocol
from tests.conftest import TestSide
from tests.e2e.messenger.conftest import Register, on_one_side, serve, settings_for

pytestmark = on_one_side


async def test_every_answer_carries_a_request_id_and_security_headers(http: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/v1/me", "/nowhere"):
        answer = await http.get(path, headers={"X-Request-Id": "edge-7"})
        assert answer.headers["x-request-id"] == "edge-7"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self';" in answer.headers["content-security-policy"]
    forged = await http.get("/healthz", headers={"X-Request-Id": "a b"})
    assert len(forged.headers["x-request-id"]) == 36


async def test_errors_are_problems(http: httpx.AsyncClient) -> None:
    for answer, status, code in (
        (await http.get("/v1/me"), 401, "not_authenticated"),
        (await http.get("/v1/nowhere"), 404, "not_found"),
        (await http.post("/v1/sessions", content="{"), 422, "invalid_input"),
        (await http.post("/v1/sessions", json={"email": "no address", "pin": "1"}), 422, "invalid_input"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert set(problem) == {"type", "title", "status", "detail", "code", "retryable"}
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)


async def test_a_refused_registration_repeats_neither_pin_nor_code(http: httpx.AsyncClient) -> None:
    body = {"email": "a@example.org", "code": "12345x", "full_name": "", "pin": "31415926535897"}
    answer = await http.post("/v1/accounts", json=body)
    assert answer.status_code == 422
    assert "31415926535897" not in answer.text
    assert "12345x" not in answer.text


async def test_a_body_that_is_too_large_or_of_unknown_length_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/sessions", content=bytes(3 * 1024 * 1024))).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"

    assert (await http.post("/v1/sessions", content=endless())).status_code == 413


async def test_hostile_text_never_reaches_the_database(http: httpx.AsyncClient, join: Register) -> None:
    anna = await join()
    for name in (rb"a\u0000b", rb"\ud800", b"\xff", b" "):
        body = b'{"type":"group","member_ids":[],"name":"%s"}' % name
        answer = await http.post("/v1/chats", content=body, headers=anna.auth)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), name
    assert (await http.get("/v1/people", params={"cyphr_id": "\x00"}, headers=anna.auth)).status_code == 422
    assert (await http.get("/v1/people", params={"cyphr_id": "' or 1=1 --"}, headers=anna.auth)).status_code == 404


async def test_ready_says_which_dependency_fails(side: TestSide, token_key: Path, http: httpx.AsyncClient) -> None:
    assert (await http.get("/readyz")).json() == {"checks": {"database": "ok"}}
    lost = side.app.model_copy(update={"dbname": "nowhere"})
    settings = settings_for(side, token_key=token_key).model_copy(update={f"{side.side}_database": lost})
    async with serve(settings) as broken:
        answer = await broken.get("/readyz")
        assert (await broken.get("/healthz")).status_code == 200
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] != "ok"


async def test_one_address_may_not_ask_for_ever(side: TestSide, token_key: Path) -> None:
    settings = settings_for(side, token_key=token_key, public_requests_per_minute=1, public_requests_burst=3)
    async with serve(settings) as http:
        statuses = [
            (await http.post("/v1/sessions/refresh", json={"refresh_token": "x"})).status_code for _ in range(4)
        ]
        assert statuses == [401, 401, 401, 429]
        refused = await http.post("/v1/sessions/refresh", json={"refresh_token": "x"})
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await http.get("/healthz")).status_code == 200


async def test_the_web_client_is_served_for_each_of_its_screens(
    side: TestSide, token_key: Path, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Cyphr</title>")
    (tmp_path / "assets/app-1a2b.js").write_text("let x")
    async with serve(settings_for(side, token_key=token_key, web_folder=tmp_path)) as http:
        for path in ("/", "/chats/7", "/sign-in"):
            page = await http.get(path)
            assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
            assert "<title>Cyphr</title>" in page.text
        script = await http.get("/assets/app-1a2b.js")
        assert "immutable" in script.headers["cache-control"]
        assert script.headers["content-type"].startswith("text/javascript")
        for path in ("/assets/missing.js", "/v1/missing", "/../settings.py"):
            missing = await http.get(path)
            assert missing.status_code == 404, path
            assert missing.headers["content-type"] == "application/problem+json"
        assert (await http.get("/mailbox", headers={"Accept": "application/json"})).json() == {"messages": []}


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    ],
)
async def test_who_begins_a_request_and_never_ends_it_is_cut_off(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(ImpatientProtocol, "REQUEST_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(begun)
    with suppress(ConnectionError):
        while await reader.read(100):
            pass
    writer.close()
    assert (await http.get("/healthz")).status_code == 200, "others are answered meanwhile"


async def test_who_asks_again_and_again_on_one_connection_is_not_cut_off(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImpatientProtocol, "REQUEST_SECONDS", 0.5)
    async with httpx.AsyncClient(base_url=http.base_url, limits=httpx.Limits(max_connections=1)) as one:
        deadline = asyncio.get_running_loop().time() + 1.0
        while asyncio.get_running_loop().time() < deadline:
            assert (await one.get("/healthz")).status_code == 200


async def test_a_page_of_ours_or_of_a_named_origin_may_open_a_socket_and_no_other(
    side: TestSide, token_key: Path
) -> None:
    settings = settings_for(side, token_key=token_key, realtime={"origins": ["https://app.example"]})
    async with serve(settings) as http:
        address = f"{http.base_url}".replace("http", "ws", 1).rstrip("/") + "/v1/ws"
        for origin in (None, f"{http.base_url}".rstrip("/"), "https://app.example"):
            async with connect(address, origin=origin):  # type: ignore[arg-type]
                pass
        for origin in ("https://elsewhere.example", "null", "https://app.example.evil"):
            with pytest.raises(InvalidStatus):
                await connect(address, origin=origin)  # type: ignore[arg-type]
