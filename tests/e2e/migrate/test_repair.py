"""Rows that differ are made what they are on the side that people write to, while they write."""

import asyncio
from pathlib import Path

import pytest

from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.app import run_migrator
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal
from cyphr.migrate.settings import MigrationSettings
from tests.conftest import TestSide
from tests.e2e.migrate.test_crashes import is_following, process, write_config
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import Traffic, until


@pytest.fixture
def sides(supabase: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    return {Side.SUPABASE: supabase, Side.AWS: aws_bare}


async def write(side: TestSide, *statements: str) -> None:
    async with await connect(side.owner) as connection:
        for statement in statements:
            await connection.execute(statement)


async def spoil(side: TestSide, *statements: str) -> None:
    """Past fence and triggers, as somebody would who knows no better."""
    await write(side, "set session_replication_role = replica", *statements)


async def emails(side: TestSide) -> list[str]:
    async with await connect(side.owner) as connection:
        cursor = await connection.execute("select email from waitlist order by email")
        return [row[0] for row in await cursor.fetchall()]


async def test_missing_added_and_changed_rows_are_repaired_in_both_directions_while_people_write(
    sides: dict[Side, TestSide],
) -> None:
    await write(
        sides[Side.SUPABASE],
        "insert into waitlist (email, referrer)"
        " select n || '@example.org', repeat('x', 3000) from generate_series(1, 50) n",
        "insert into users (id, full_name) select md5(n::text)::uuid, 'u' || n from generate_series(1, 50) n",
    )
    expected = await emails(sides[Side.SUPABASE])
    async with Traffic(sides) as traffic:
        migration = await copied(sides)
        async with following(migration):
            for to in (Side.AWS, Side.SUPABASE):
                await spoil(
                    sides[to],
                    "delete from waitlist where email = '7@example.org'",
                    "update waitlist set email = upper(email) where email = '8@example.org'",
                    "insert into waitlist (email) values ('nobody@example.org')",
                    "update users set full_name = 'U9' where full_name = 'u9'",
                )
                found = await migration.repair(limit=10)
                assert found.differences == []
                assert len(found.repaired) == 4
                assert "public.users (45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26)" in found.repaired
                assert await emails(sides[to]) == expected
                await migration.handover(to)
            await traffic.stop()
            assert (await migration.verify()).differences == []
    assert traffic.failures == []
    for side in Side:
        async with await connect(sides[side].owner) as connection:
            assert await traffic.lost_or_doubled(connection) == ([], [])


async def test_nothing_is_repaired_when_more_rows_differ_than_allowed(sides: dict[Side, TestSide]) -> None:
    await write(
        sides[Side.SUPABASE], "insert into waitlist (email) select n || '@example.org' from generate_series(1, 50) n"
    )
    migration = await copied(sides)
    await spoil(sides[Side.AWS], "update waitlist set email = upper(email) where email like '1%'")
    async with following(migration):
        with pytest.raises(VerificationFailed, match=r"more than 5 rows of public\.waitlist differ"):
            await migration.repair(limit=5)
        assert len([email for email in await emails(sides[Side.AWS]) if "EXAMPLE" in email]) == 11
        assert len((await migration.repair(limit=11)).repaired) == 11
    assert await emails(sides[Side.AWS]) == await emails(sides[Side.SUPABASE])


async def test_rows_without_a_key_are_repaired_by_their_number(sides: dict[Side, TestSide]) -> None:
    await write(
        sides[Side.SUPABASE],
        "create table events (kind text, amount numeric)",
        "alter table events replica identity full",
        "insert into events select 'click', 1.0 from generate_series(1, 5)",
        "insert into events values ('view', 2), (null, null)",
    )
    migration = await copied(sides)
    await spoil(
        sides[Side.AWS],
        "delete from events where ctid = (select min(ctid) from events)",
        "update events set amount = 2.00 where kind = 'view'",
        "insert into events values (null, null)",
    )
    async with following(migration):
        found = await migration.repair(limit=10)
    assert found.differences == []
    async with await connect(sides[Side.AWS].owner) as target:
        cursor = await target.execute("select kind, amount::text, count(*) from events group by 1, 2 order by 1")
        assert await cursor.fetchall() == [("click", "1.0", 5), ("view", "2", 1), (None, None, 1)]


async def test_a_row_that_changes_between_finding_and_repairing_it_ends_as_it_is_on_the_sending_side(
    sides: dict[Side, TestSide],
) -> None:
    await write(sides[Side.SUPABASE], "insert into waitlist (email) values ('a@example.org')")
    migration = await copied(sides)
    await spoil(sides[Side.AWS], "update waitlist set language = 'xx'")
    stop = asyncio.Event()

    async def keep_writing() -> int:
        written = 0
        async with await connect(sides[Side.SUPABASE].owner) as source:
            while not stop.is_set():
                await source.execute("update waitlist set source = %s", [str(written)])
                written += 1
        return written

    async with following(migration):
        writing = asyncio.create_task(keep_writing())
        found = await migration.repair(limit=10)
        stop.set()
        assert await writing > 0
        assert found.differences == []
        assert (await migration.verify()).differences == []


async def test_an_operators_repair_is_answered_with_the_rows_and_written_down(
    sides: dict[Side, TestSide], tmp_path: Path
) -> None:
    await write(sides[Side.SUPABASE], "insert into users (id, full_name) values (md5('x')::uuid, 'x')")
    config = write_config(tmp_path, sides)
    async with Journal.open(sides[Side.AWS].owner) as journal:
        migrator = asyncio.create_task(run_migrator(MigrationSettings.load(config)))
        try:
            await until(lambda: has_begun_to_follow(journal, migrator), 60)
            await spoil(sides[Side.AWS], "update users set full_name = 'y'")
            assert len((await ask(journal, "verify", "database"))["differences"]) == 1
            command = ("-m", "cyphr.cli", "migrate", "verify", "--repair", "--config", str(config))
            async with process(tmp_path / "out", *command) as cli:
                assert await asyncio.wait_for(cli.wait(), 60) == 0
        finally:
            migrator.cancel()
            await asyncio.gather(migrator, return_exceptions=True)
        noted = [event.detail for event in await journal.events() if event.event == "repaired"]
    row = "public.users (9dd4e461-268c-8034-f5c8-564e155c67a6)"
    assert noted == [{"rows": [row]}]
    assert f"repaired {row}" in (tmp_path / "out").read_text()


async def has_begun_to_follow(journal: Journal, migrator: asyncio.Task[None]) -> bool:
    if migrator.done():
        await migrator  # raises what ended it
    return await is_following(journal)
