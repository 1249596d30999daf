"""A live database moves between any two of the supported versions of PostgreSQL, and back."""

import pytest

from cyphr.embedded.binaries import Version
from cyphr.foundation.postgres import Side, connect
from tests.e2e.migrate.conftest import ServerOf
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import Traffic, until

_PAIRS: list[tuple[Version, Version]] = [(15, 18), (18, 15), (15, 16), (16, 15), (16, 18), (18, 16)]
_ALWAYS = {(15, 18), (18, 15)}  # the farthest apart stand for all in every run; `make soak` tries each


@pytest.mark.parametrize(
    ("source", "target"),
    [pytest.param(*pair, marks=[] if pair in _ALWAYS else [pytest.mark.soak]) for pair in _PAIRS],
    ids=lambda version: str(version),
)
async def test_a_live_database_moves_to_another_version_and_back(
    source: Version, target: Version, server_of: ServerOf
) -> None:
    here, there = await server_of(source, Side.SUPABASE), await server_of(target, Side.AWS)
    async with here.database(here.full) as supabase, there.database(there.bare) as aws:
        sides = {Side.SUPABASE: supabase, Side.AWS: aws}
        async with Traffic(sides) as traffic:
            migration = await copied(sides)
            async with following(migration):
                for to in (Side.AWS, Side.SUPABASE):
                    assert (await migration.verify()).differences == []
                    await migration.handover(to)
                    await _written(traffic, 50)
                await traffic.stop()
                assert (await migration.verify()).differences == []
        assert traffic.failures == []
        for side in Side:
            async with await connect(sides[side].owner) as connection:
                assert await traffic.lost_or_doubled(connection) == ([], [])


async def _written(traffic: Traffic, units: int) -> None:
    """Wait until so much more was written."""
    goal = traffic.units + units

    async def reached() -> bool:
        return traffic.units >= goal

    await until(reached)
