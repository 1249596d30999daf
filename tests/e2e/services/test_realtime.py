"""Realtime: the canaries see whether both sides deliver, and only then may clients be sent to the other side."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from cyphr.foundation.errors import HandoverRefused, InvalidInput, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Level
from cyphr.migrate.preflight.realtime import CHECK
from cyphr.migrate.realtime.account import CanaryAccount
from cyphr.migrate.realtime.migration import RealtimeMigration
from cyphr.migrate.realtime.places import RealtimePlaces
from cyphr.migrate.settings import DatabaseSettings, MigrationSettings, RealtimeSettings
from tests.conftest import Server, TestSide
from tests.e2e.messenger.client import PIN, Client, register
from tests.e2e.messenger.conftest import serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def aws(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.full) as side:
        yield side


@pytest_asyncio.fixture(scope="module")
async def messenger(aws: TestSide, token_key: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(settings_for(aws, token_key=token_key)) as http:
        yield http


@pytest_asyncio.fixture(scope="module")
async def people(messenger: httpx.AsyncClient) -> tuple[Client, Client]:
    """The two accounts that talk."""
    first, second = await asyncio.gather(register(messenger), register(messenger))
    return first, second


def websocket(http: httpx.AsyncClient) -> str:
    return str(http.base_url).replace("http", "ws").rstrip("/") + "/v1/ws"


def migration_of(
    aws: TestSide, http: httpx.AsyncClient, endpoints: dict[Side, str], *people: Client, pin: str = PIN
) -> RealtimeMigration:
    first, second = (CanaryAccount(str(http.base_url), person.email) for person in people)
    return RealtimeMigration(
        RealtimePlaces(
            authority=lambda: connect(aws.owner), endpoints=endpoints, canaries=(first, second), canary_pin=lambda: pin
        )
    )


async def test_a_handover_is_refused_until_both_sides_were_seen_to_deliver(
    messenger: httpx.AsyncClient, aws: TestSide, people: tuple[Client, Client]
) -> None:
    both = dict.fromkeys(Side, websocket(messenger))
    migration = migration_of(aws, messenger, both, *people)
    await migration.prepare()
    await migration.copy()
    assert await migration.side() is Side.AWS  # where this database stands
    with pytest.raises(HandoverRefused, match="run verify"):
        await migration.handover(Side.SUPABASE)
    found = await migration.verify()
    assert (found.checked, found.differences) == (20, [])
    epoch = await migration.epoch()
    await migration.handover(Side.SUPABASE)
    assert (await migration.side(), await migration.epoch()) == (Side.SUPABASE, epoch + 1)
    await migration.handover(Side.SUPABASE)  # again: nothing happens
    assert await migration.epoch() == epoch + 1
    await migration.handover(Side.AWS)


async def test_two_servers_that_do_not_know_of_each_others_connections_are_found_out(
    messenger: httpx.AsyncClient,
    aws: TestSide,
    people: tuple[Client, Client],
    token_key: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cyphr.migrate.realtime.conversation._PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr("cyphr.migrate.realtime.verify._MESSAGES", 2)
    async with serve(settings_for(aws, token_key=token_key)) as other:
        endpoints = {Side.SUPABASE: websocket(messenger), Side.AWS: websocket(other)}
        migration = migration_of(aws, messenger, endpoints, *people)
        found = await migration.verify()
        assert any("sent on supabase, did not arrive on aws" in difference for difference in found.differences)
        assert any("sent on aws, did not arrive on supabase" in difference for difference in found.differences)
        with pytest.raises(HandoverRefused):
            await migration.handover(Side.SUPABASE)
        with pytest.raises(Unavailable, match="did not arrive"):
            await migration.follow()


async def test_following_goes_on_and_counts_what_each_side_delivers(
    messenger: httpx.AsyncClient, aws: TestSide, people: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyphr.migrate.realtime.migration._PAUSE_SECONDS", 0.01)
    migration = migration_of(aws, messenger, dict.fromkeys(Side, websocket(messenger)), *people)
    following = asyncio.create_task(migration.follow())
    try:
        while (await migration.progress())["messages"] < 6:
            assert not following.done(), following.exception()
            await asyncio.sleep(0.01)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    progress = await migration.progress()
    assert progress["delivered_supabase"] == progress["delivered_aws"] == progress["messages"]
    assert progress["slowest_ms"] > 0


async def test_a_side_that_is_not_there_and_a_wrong_pin_are_told_in_words(
    messenger: httpx.AsyncClient, aws: TestSide, people: tuple[Client, Client]
) -> None:
    nowhere = {Side.SUPABASE: websocket(messenger), Side.AWS: "ws://127.0.0.1:9/nowhere"}
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        await migration_of(aws, messenger, nowhere, *people).copy()
    both = dict.fromkeys(Side, websocket(messenger))
    with pytest.raises(InvalidInput, match="canary_pin_file"):
        await migration_of(aws, messenger, both, *people, pin="0000").copy()


async def test_the_check_names_an_endpoint_that_is_not_there(
    messenger: httpx.AsyncClient, supabase_bare: TestSide, aws: TestSide, tmp_path: Path
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(PIN)
    sides = {"supabase_database": supabase_bare, "aws_database": aws}
    settings = MigrationSettings(
        **{name: DatabaseSettings(**side.owner.model_dump(exclude_none=True)) for name, side in sides.items()},
        realtime=RealtimeSettings(
            api_url=str(messenger.base_url),
            supabase_url=websocket(messenger),
            aws_url=websocket(messenger),
            first_canary_email="one@example.org",
            second_canary_email="two@example.org",
            canary_pin_file=pin,
        ),
    )
    assert settings.realtime is not None
    async with Context.open(settings, {}) as context:
        assert (await CHECK.look(context)).level is Level.OK
        for wrong in ("aws_url", "supabase_url"):
            moved = settings.realtime.model_copy(update={wrong: "ws://127.0.0.1:9/nowhere"})
            context.settings = settings.model_copy(update={"realtime": moved})
            found = await CHECK.look(context)
            assert (found.level, "ws://127.0.0.1:9/nowhere" in found.saw) == (Level.FAILURE, True)
        pin.unlink()
        context.settings = settings
        assert "canary_pin_file" in (await CHECK.look(context)).saw
