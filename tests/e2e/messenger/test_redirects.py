"""Nobody is sent elsewhere by us: there is no redirect at all, so none can be opened to another place."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.conftest import TestSide
from tests.e2e.messenger.client import register
from tests.e2e.messenger.conftest import serve, settings_for

_DESCRIPTION = Path(__file__).parents[3] / "docs/reference/openapi.json"
_ELSEWHERE = "https://attacker.example/"


@pytest_asyncio.fixture(scope="module", params=["API alone", "with the web client"])
async def http(
    aws_side: TestSide, token_key: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    folder = None
    if request.param == "with the web client":
        folder = tmp_path_factory.mktemp("web")
        (folder / "index.html").write_text("<!doctype html><title>Cyphr</title>")
        (folder / "assets").mkdir()
    async with serve(settings_for(aws_side, token_key=token_key, web_folder=folder)) as client:
        yield client


def test_no_operation_is_described_as_a_redirect() -> None:
    paths = json.loads(_DESCRIPTION.read_text())["paths"]
    statuses = {status for path in paths.values() for operation in path.values() for status in operation["responses"]}
    assert not {status for status in statuses if status.startswith("3")}


async def test_no_answer_names_another_place(http: httpx.AsyncClient) -> None:
    anna = await register(http, "Anna")
    paths = json.loads(_DESCRIPTION.read_text())["paths"]
    wanted = dict.fromkeys(("next", "url", "redirect", "redirect_uri", "return_to", "RelayState"), _ELSEWHERE)
    headers = {**anna.auth, "host": "attacker.example", "x-forwarded-host": "attacker.example", "referer": _ELSEWHERE}
    asked = [path for path in paths if "{" not in path]
    asked += [
        *(f"{path}/" for path in asked),
        "//attacker.example/",
        "/\\attacker.example",
        "/assets",
        "/%2f%2fattacker.example",
    ]
    for path in asked:
        for method in ("GET", "POST"):
            answer = await http.request(method, path, params=wanted, headers=headers, json={})
            assert not 300 <= answer.status_code < 400, (method, path)
            assert "location" not in answer.headers, (method, path)
            assert "refresh" not in answer.headers, (method, path)
