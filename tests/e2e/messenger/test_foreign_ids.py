"""Ids of others: every operation that takes one answers as if there were nothing, and changes nothing."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from cyphr.foundation.postgres import connect
from tests.conftest import Server
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.stage import Stage

_DESCRIPTION = Path(__file__).parents[3] / "docs/reference/openapi.json"
# To block somebody one need not know them; a link's token is for whoever holds it; a device's name is among one's own,
# and so is what a method of signing in is called.
_NOBODYS_OWN = {"user_id", "token", "device", "method"}
# SCIM's own words, the same for everybody.
_WORDS = {"kind", "urn"}
# What is not there may be taken away again: the answer is the same for every id.
_SAID_OF_EVERYTHING = {"DELETE /v1/chats/{chat_id}/draft": 204}
# What the description alone does not lead to.
_SOUND: dict[str, Any] = {
    "POST /v1/chats/{chat_id}/messages": {"id": "01980000-0000-7000-8000-000000000000", "content": "let me in"},
}

operations = [
    result.ok()
    for result in schemathesis.openapi.from_path(_DESCRIPTION).get_all_operations()
    if {parameter.name for parameter in result.ok().path_parameters}
    - (
        # Whom one administers is one's own.
        _WORDS if result.ok().path.startswith("/v1/admin/") else _NOBODYS_OWN
    )
]


@dataclass
class Foreign:
    """What belongs to somebody else, and who tries to reach it."""

    stage: Stage
    loop: asyncio.AbstractEventLoop
    owner: Client
    stranger: Client
    ids: dict[str, str]
    seen: Any = None
    """What the owner saw of it after the last test."""

    def snapshot(self) -> Any:
        """All that the owner sees of it."""
        return self.loop.run_until_complete(self._snapshot())

    async def _snapshot(self) -> Any:
        seen = ("/v1/chats", "/v1/sessions", "/v1/me/factors", "/v1/admin/people", "/v1/admin/groups")
        return [await self.owner.get(path) for path in seen], await self.owner.history(self.ids["chat_id"])


@pytest.fixture(scope="module")
def foreign(aws_server: Server, tmp_path_factory: pytest.TempPathFactory, token_key: Path) -> Iterator[Foreign]:
    # The tests of this file are synchronous, so the loop is theirs, and the messenger a process of its own.
    loop = asyncio.new_event_loop()
    setting = Stage.set(aws_server, tmp_path_factory.mktemp("messenger"), token_key)
    try:
        yield loop.run_until_complete(_found(loop.run_until_complete(setting.__aenter__()), loop))
    finally:
        loop.run_until_complete(setting.__aexit__(None, None, None))
        loop.close()


async def _found(stage: Stage, loop: asyncio.AbstractEventLoop) -> Foreign:
    anna, boris, clara = [await stage.register(name) for name in ("Anna", "Boris", "Clara")]
    chat = await anna.group("all", [boris])
    message = await anna.say(chat, "private")
    invite = (await anna.post(f"/v1/chats/{chat}/invites", {})).json()
    factor = (await anna.post("/v1/me/factors/totp", {"name": "phone"})).json()
    await _appoint(stage, {"hers": [(anna, "owner"), (boris, "member")], "elsewhere": [(clara, "owner")]})
    group = (await anna.post("/v1/admin/groups", {"name": "sales"})).json()
    session = (await anna.get(f"/v1/admin/people/{boris.id}"))["sessions"][0]
    ids = {"chat_id": chat, "message_id": message.rpartition("/")[2], "user_id": boris.id, "invite_id": invite["id"],
           "factor_id": factor["id"], "group_id": group["id"], "session_id": session["id"]}  # fmt: skip
    found = Foreign(stage, loop, anna, clara, ids)
    found.seen = await found._snapshot()
    return found


async def _appoint(stage: Stage, tenants: dict[str, list[tuple[Client, str]]]) -> None:
    """Have people administer tenants, with proofs of who they are that last as long as these tests."""
    async with await connect(stage.side.owner) as connection:
        for tenant, people in tenants.items():
            await connection.execute("select set_config('cyphr.tenant', %s, false)", [tenant])
            await connection.execute("select private.make_tenant(gen_random_uuid(), %s)", [tenant])
            for person, role in people:
                await connection.execute("select private.appoint(%s, %s)", [person.email, role])
        await connection.execute("update sessions set proved_at = now() + interval '1 hour'")


def _name(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


@pytest.mark.parametrize("operation", operations, ids=_name)
def test_what_is_somebody_elses_is_not_there(operation: Any, foreign: Foreign) -> None:
    statuses = set()

    @settings(
        deadline=None, database=None, phases=[Phase.generate], max_examples=5, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case: Any) -> None:
        theirs = _ask(case, foreign, foreign.ids)
        nobodys = _ask(case, foreign, {name: str(uuid4()) for name in foreign.ids})
        if 429 in {theirs.status_code, nobodys.status_code}:
            return  # So many questions at once are slowed, whatever they are about.
        assert (theirs.status_code, theirs.text) == (nobodys.status_code, nobodys.text)
        statuses.add(theirs.status_code)

    ask()
    # 422: some rule that the description does not know was broken before anything was looked for.
    refusal = _SAID_OF_EVERYTHING.get(_name(operation), 404)
    assert refusal in statuses
    assert statuses <= {refusal, 422}
    before, foreign.seen = foreign.seen, foreign.snapshot()
    assert foreign.seen == before


def _ask(case: Any, foreign: Foreign, ids: dict[str, str]) -> httpx.Response:
    for name in case.path_parameters:
        case.path_parameters[name] = "👍" if name == "emoji" else ids[name]
    case.body = _SOUND.get(_name(case.operation), case.body)
    return case.call(base_url=str(foreign.stage.http.base_url), headers=foreign.stranger.auth)
