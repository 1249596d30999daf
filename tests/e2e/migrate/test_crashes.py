"""The migrator is killed with SIGKILL at every step; another one continues; nothing is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cyphr.embedded.binaries import binary
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.conductor import ask
from cyphr.migrate.database.handover.fence import read_fence_targets
from cyphr.migrate.journal import Journal
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import Traffic, until

_DATABASE = "cyphr.migrate.database."
_COPYING = [
    (f"{_DATABASE}schema.restore:Restorer.run_step", "before", 1),
    (f"{_DATABASE}schema.restore:Restorer.run_step", "after", 1),
    (f"{_DATABASE}copy.piece._copy_table", "before", 2),
    (f"{_DATABASE}copy.pump:Pump.end", "after", 5),
    (f"{_DATABASE}schema.restore:Restorer.run_step", "before", 2),
    (f"{_DATABASE}handover.fence.install_fence", "after", 2),
]
_FOLLOWING = [
    (f"{_DATABASE}follow.applier:Applier._commit", "before", 40),
    (f"{_DATABASE}follow.applier:Applier._write", "after", 60),
]
_MOVING = [
    (f"{_DATABASE}streams.ensure_slot", "after", 1),
    (f"{_DATABASE}handover.fence.arm_fence", "before", 1),
    (f"{_DATABASE}handover.fence.close_fence", "before", 1),
    (f"{_DATABASE}handover.fence.close_fence", "after", 1),
    (f"{_DATABASE}handover.sequences.carry_sequences", "before", 3),
    (f"{_DATABASE}handover.fence.lift_fence", "before", 1),
    (f"{_DATABASE}handover.fence.lift_fence", "after", 1),
    (f"{_DATABASE}handover.fence.disarm_fence", "before", 2),
]
_TABLES = 60  # more than are switched while writers are held off


# These stand for all in every run, beside the accidents of test_campaign.py; `make soak` tries each.
_ALWAYS = {
    (f"{_DATABASE}copy.pump:Pump.end", "after", 5),
    (f"{_DATABASE}handover.fence.close_fence", "after", 1),
}
_STEPS = [
    pytest.param(step, marks=[] if step in _ALWAYS else [pytest.mark.soak]) for step in _COPYING + _FOLLOWING + _MOVING
]


def _title(step: tuple[str, str, int]) -> str:
    place, moment, calls = step
    return f"{moment} {place.rsplit('.', 1)[1]} {calls}"


def write_config(folder: Path, sides: dict[Side, TestSide]) -> Path:
    """The ``migration.toml`` of two test databases, passwords in files beside it."""

    def section(name: str, settings: PostgresSettings) -> str:
        password = folder / f"{name}.password"
        assert settings.password is not None
        password.write_text(settings.password.get_secret_value() + "\n")
        return (
            f'[{name}]\nhost = "{settings.host}"\nport = {settings.port}\ndbname = "{settings.dbname}"\n'
            f'user = "{settings.user}"\npassword_file = "{password}"\nsslmode = "disable"\n'
        )

    config = folder / "migration.toml"
    config.write_text(
        f'postgres_programs = "{binary(18, "pg_dump").parent}"\n'
        + section("supabase_database", sides[Side.SUPABASE].owner)
        + section("aws_database", sides[Side.AWS].owner)
    )
    return config


@asynccontextmanager
async def process(log: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process that is killed at the end of the block if it still runs."""
    with log.open("ab") as output:
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=output, stderr=output)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def is_following(journal: Journal) -> bool:
    return any(phase.service == "database" and phase.phase != "copying" for phase in await journal.phases())


@pytest.mark.parametrize("step", _STEPS, ids=_title)
async def test_a_migrator_killed_at_any_step_is_continued_by_the_next(
    step: tuple[str, str, int], supabase: TestSide, aws_bare: TestSide, tmp_path: Path
) -> None:
    sides = {Side.SUPABASE: supabase, Side.AWS: aws_bare}
    config, log = write_config(tmp_path, sides), tmp_path / "migrator.log"
    place, moment, calls = step
    if place.endswith("arm_fence"):
        async with await connect(supabase.owner) as source:
            for number in range(_TABLES):
                await source.execute(f"create table more_{number} (a int primary key)")
    async with Traffic(sides) as traffic, Journal.open(aws_bare.owner) as journal:
        mortal = ("-m", "tests.e2e.migrate.dying_migrator", str(config), place, moment, str(calls))
        async with process(log, *mortal) as first:
            request = None
            if step in _MOVING:
                await until(lambda: is_following(journal), 60)
                request = await journal.add_request("handover", "database")
            await asyncio.wait_for(first.wait(), 60)
            assert first.returncode == -9, log.read_text()
        async with process(log, "-m", "cyphr.cli", "migrate", "start", "--config", str(config)):
            await until(journal.is_migrator_running, 60)
            await until(lambda: is_following(journal), 60)
            if request is not None:
                await until(lambda: is_done(journal, request), 60)
            else:
                await ask(journal, "handover", "database")
            await asyncio.sleep(0.3)
            await ask(journal, "handback", "database")
            await traffic.stop()
            found = await ask(journal, "verify", "database")
            await until(lambda: is_disarmed(supabase), 10)
    assert found["differences"] == []
    assert traffic.failures == []
    for side in Side:
        async with await connect(sides[side].owner) as connection:
            assert await traffic.lost_or_doubled(connection) == ([], [])


async def is_disarmed(side: TestSide) -> bool:
    async with await connect(side.owner) as connection:
        return not any(target.armed for target in await read_fence_targets(connection))


async def is_done(journal: Journal, number: int) -> bool:
    request = await journal.request(number)
    assert request.outcome != "failed", request.detail
    return request.outcome == "done"
