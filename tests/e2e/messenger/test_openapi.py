"""Every operation of the API, asked whatever its description allows and much that it does not: no error of ours, and
no answer that the description does not know."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.conftest import Server
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.stage import Stage

_DESCRIPTION = Path(__file__).parents[3] / "docs/reference/openapi.json"
_SETTINGS = settings(
    deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)

schema = schemathesis.openapi.from_path(_DESCRIPTION)


@dataclass
class Stranger:
    """Somebody who is signed in, whatever was asked of them before, and the ids of what is theirs."""

    stage: Stage
    loop: asyncio.AbstractEventLoop
    person: Client | None = None
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(self.stage.http.base_url)

    def signed_in(self) -> dict[str, str]:
        """The headers that say so."""
        return self.loop.run_until_complete(self._signed_in())

    async def _signed_in(self) -> dict[str, str]:
        if self.person is None or await self.person.get_status("/v1/me") != 200:
            anna, boris = await self.stage.register("Anna"), await self.stage.register("Boris")
            chat = await anna.group("all", [boris])
            message = (await anna.say(chat, "hello")).rpartition("/")[2]
            self.person, self.ids = anna, {"chat_id": chat, "message_id": message, "user_id": boris.id}
        return self.person.auth


@pytest.fixture(scope="module")
def stranger(aws_server: Server, tmp_path_factory: pytest.TempPathFactory, token_key: Path) -> Iterator[Stranger]:
    # The tests of this file are synchronous, so the loop is theirs, and the messenger a process of its own.
    loop = asyncio.new_event_loop()
    setting = Stage.set(aws_server, tmp_path_factory.mktemp("messenger"), token_key)
    try:
        yield Stranger(loop.run_until_complete(setting.__aenter__()), loop)
    finally:
        loop.run_until_complete(setting.__aexit__(None, None, None))
        loop.close()


def ask(case: Any, stranger: Stranger) -> None:
    """Ask about what is there, wherever the case would name something that is not; judge the answer."""
    headers = stranger.signed_in()
    for name, value in list((case.path_parameters or {}).items()):
        if name in stranger.ids and _is_id(value):
            case.path_parameters[name] = stranger.ids[name]
    # Some rules are not in the description, such as that a group needs a name: what breaks one may be refused. And a
    # member that the description does not know is passed over, so that newer clients can talk to older servers.
    lenient = [positive_data_acceptance, negative_data_rejection]
    case.call_and_validate(base_url=stranger.address, headers=headers, excluded_checks=lenient)


def _is_id(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


@schema.parametrize()
@settings(_SETTINGS, max_examples=3)
def test_every_operation_answers_as_it_is_described(case: Any, stranger: Stranger) -> None:
    ask(case, stranger)


@pytest.mark.soak
@schema.parametrize()
@settings(_SETTINGS, max_examples=int(os.environ.get("KILLS") or 300))
def test_every_operation_answers_as_it_is_described_many_times(case: Any, stranger: Stranger) -> None:
    ask(case, stranger)
