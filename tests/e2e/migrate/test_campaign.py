"""Accidents at random moments, in campaigns: a few in every run, ``make soak KILLS=100`` for as many as are wanted."""

import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cyphr.foundation.clock import now
from cyphr.foundation.postgres import Side
from tests.conftest import Server, running_server
from tests.e2e.migrate.campaign.campaign import campaign

_PER_CAMPAIGN = 20
_KILLS = int(os.environ.get("KILLS") or _PER_CAMPAIGN)
_SEED = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))


@pytest_asyncio.fixture(scope="module")
async def durable_servers() -> AsyncIterator[dict[Side, Server]]:
    async with (
        running_server(Side.SUPABASE, durable=True) as supabase,
        running_server(Side.AWS, durable=True) as aws,
    ):
        yield {Side.SUPABASE: supabase, Side.AWS: aws}


async def _hold(servers: dict[Side, Server], seed: int, accidents: int, folder: Path) -> None:
    _say(f"SEED={seed}: {accidents} accidents")
    wrongs = await campaign(servers, seed, accidents, folder, _say)
    assert wrongs == [], f"SEED={seed}"


def _say(text: str) -> None:
    sys.stdout.write(f"{now():%T} {text}\n")  # shown when it fails, or with -s


async def test_nothing_is_lost_or_doubled_by_a_few_accidents(
    durable_servers: dict[Side, Server], tmp_path: Path
) -> None:
    await _hold(durable_servers, _SEED, 3, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(-(-_KILLS // _PER_CAMPAIGN)))
async def test_nothing_is_lost_or_doubled_by_a_campaign_of_accidents(
    number: int, durable_servers: dict[Side, Server], tmp_path: Path
) -> None:
    accidents = min(_PER_CAMPAIGN, _KILLS - number * _PER_CAMPAIGN)
    await _hold(durable_servers, _SEED + number, accidents, tmp_path)
