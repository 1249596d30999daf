"""The database's migration, on two real servers, while people write."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from cyphr.embedded.binaries import binary
from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import HandoverRefused, PreflightFailed, VerificationFailed
from cyphr.foundation.postgres import MOVED, Side, connect
from cyphr.migrate.database.handover.fence import close_fence
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.database.verify import verifier
from cyphr.schema.audit_chain import prove
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import Traffic, changed, count_rows, until


@pytest.fixture
def sides(supabase: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    return {Side.SUPABASE: supabase, Side.AWS: aws_bare}


@asynccontextmanager
async def following(migration: DatabaseMigration) -> AsyncIterator[None]:
    """Follow while the block runs; what stopped following is raised, rather than what failed for want of it."""
    task = asyncio.create_task(migration.follow())
    try:
        yield
    finally:
        await end(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def migration_of(sides: dict[Side, TestSide]) -> DatabaseMigration:
    return DatabaseMigration({side: sides[side].owner for side in Side}, binary(18, "pg_dump").parent)


async def copied(sides: dict[Side, TestSide]) -> DatabaseMigration:
    migration = migration_of(sides)
    await migration.prepare()
    await migration.copy()
    return migration


async def test_everything_written_while_a_database_moves_there_and_back_is_on_both_sides(
    sides: dict[Side, TestSide],
) -> None:
    async with Traffic(sides) as traffic:
        migration = await copied(sides)
        async with following(migration):
            for to in (Side.AWS, Side.SUPABASE, Side.AWS):
                found = await migration.verify()
                assert found.differences == []
                await migration.handover(to)
                await asyncio.sleep(0.5)
            await traffic.stop()
            found = await migration.verify()
    assert found.differences == []
    assert traffic.failures == []
    assert traffic.units > 100
    for side in Side:
        async with await connect(sides[side].owner) as connection:
            assert await traffic.lost_or_doubled(connection) == ([], [])


async def test_the_audit_log_stays_one_chain_whichever_side_extends_it(sides: dict[Side, TestSide]) -> None:
    async def note(side: Side) -> None:
        async with await connect(sides[side].owner) as connection:
            for kind in ("session.opened", "session.revoked"):
                await connection.execute(
                    'select private.note_security_event(%s, null, null, null, null, \'{"word": "слово"}\')', [kind]
                )

    await note(Side.SUPABASE)
    migration = await copied(sides)
    async with following(migration):
        for to in (Side.AWS, Side.SUPABASE):
            await migration.verify()
            await migration.handover(to)
            await note(to)
        assert (await migration.verify()).differences == []
    for side in Side:
        async with await connect(sides[side].owner) as connection:
            proof = await prove(connection)
        assert (proof.flaw, proof.events) == (None, 6), side


async def test_a_writer_in_flight_is_waited_for_and_a_later_one_is_refused(sides: dict[Side, TestSide]) -> None:
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.SUPABASE].owner) as writer:
        await migration.verify()
        await writer.execute("begin isolation level repeatable read")
        await writer.execute("select count(*) from waitlist")  # its snapshot is older than the fence
        moving = asyncio.create_task(migration.handover(Side.AWS))
        await asyncio.wait_for(moving, 20)
        with pytest.raises(psycopg.Error) as refused:
            await writer.execute("insert into waitlist (email) values ('late@example.org')")
        assert refused.value.sqlstate == MOVED


async def test_a_handover_without_a_comparison_is_refused(sides: dict[Side, TestSide]) -> None:
    migration = await copied(sides)
    async with following(migration):
        with pytest.raises(HandoverRefused, match="have not been compared"):
            await migration.handover(Side.AWS)


async def test_a_row_that_was_changed_behind_our_back_is_named(sides: dict[Side, TestSide]) -> None:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("insert into waitlist (email) select n || '@example.org' from generate_series(1, 5000) n")
    migration = await copied(sides)
    async with await connect(sides[Side.AWS].owner) as target:
        await target.execute("set session_replication_role = replica")
        cursor = await target.execute(
            "update waitlist set email = '4998@example.com' where email = '4999@example.org' returning id"
        )
        row = await cursor.fetchone()
        assert row is not None
    async with following(migration):
        found = await migration.verify()
    assert len(found.differences) == 1
    assert found.differences[0].startswith(f"public.waitlist ({row[0]}): differs in email: ")


async def test_a_difference_in_a_touched_row_calls_the_handover_off_and_writing_goes_on(
    sides: dict[Side, TestSide],
) -> None:
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.SUPABASE].owner) as source:
        assert (await migration.verify()).differences == []
        await source.execute("insert into waitlist (email) values ('one@example.org')")
        async with await connect(sides[Side.AWS].owner) as target:
            await target.execute("set session_replication_role = replica")
            await until(lambda: changed(target, "update waitlist set language = 'xx'"))
        with pytest.raises(VerificationFailed, match="waitlist"):
            await migration.handover(Side.AWS)
        await source.execute("insert into waitlist (email) values ('two@example.org')")
        assert (await migration.seat()).side is Side.SUPABASE


async def test_multi_statement_transactions_key_changes_truncates_and_rollbacks_arrive_as_they_were(
    sides: dict[Side, TestSide],
) -> None:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("insert into waitlist (email, referrer) values ('a@example.org', repeat('x', 100000))")
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.SUPABASE].owner) as source:
        async with source.transaction():
            await source.execute("insert into users (full_name) values ('Жук'), ('O''Hara'), (E'tab\\tand\\nline')")
            await source.execute("update users set id = gen_random_uuid() where full_name = 'Жук'")
            await source.execute("update waitlist set language = 'ru'")  # its TOASTed referrer is not sent
            await source.execute("update waitlist set email = 'b@example.org', referrer = referrer || 'y'")
            await source.execute("delete from users where full_name = 'O''Hara'")
        async with source.transaction(force_rollback=True):
            await source.execute("insert into users (full_name) values ('never')")
        async with source.transaction():
            await source.execute("insert into users (full_name) values ('kept')")
            async with source.transaction(force_rollback=True):
                await source.execute("insert into users (full_name) values ('rolled back to a savepoint')")
        await source.execute("insert into phone_hashes (phone_hash, user_id) select 'h', id from users limit 1")
        await source.execute("truncate users cascade")
        await source.execute("insert into users (full_name) values ('after the truncate')")
        assert (await migration.verify()).differences == []
        async with await connect(sides[Side.AWS].owner) as target:
            assert await count_rows(target, "users") == 1
            assert await count_rows(target, "waitlist") == 1


Truncating = Callable[[DatabaseMigration, int], list[object]]


async def copied_with_people_waiting(sides: dict[Side, TestSide]) -> DatabaseMigration:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("insert into waitlist (email) values ('a@example.org'), ('b@example.org')")
    return await copied(sides)


@pytest.fixture
def truncated_whenever_compared(sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch) -> Truncating:
    """Have the next comparisons of a migration, so many, meet a TRUNCATE between their point and their reading.

    The list that is returned grows by one whenever tables are compared.
    """

    originals = {name: getattr(verifier, name) for name in ("verify_tables", "verify_touched")}

    def arrange(migration: DatabaseMigration, times: int) -> list[object]:
        points: list[object] = []

        async def compare(name: str, *arguments: Any, **options: Any) -> Any:
            original = originals[name]
            points.append(arguments)
            if len(points) > times:
                return await original(*arguments, **options)
            applier = await migration._follower.applier()
            async with applier.held(), await connect(sides[Side.SUPABASE].owner) as source:
                # It does not come through before the other side is read, and for every snapshot, also for one that was
                # taken before, the table is empty from here on.
                await source.execute("truncate waitlist")
                found = await original(*arguments, **options)
                await source.execute("insert into waitlist (email) values ('a@example.org'), ('b@example.org')")
            return found

        for name in originals:
            monkeypatch.setattr(verifier, name, partial(compare, name))
        return points

    return arrange


async def test_truncates_between_the_point_of_a_comparison_and_its_reading_are_no_differences(
    sides: dict[Side, TestSide], truncated_whenever_compared: Truncating
) -> None:
    migration = await copied_with_people_waiting(sides)
    async with following(migration):
        points = truncated_whenever_compared(migration, 3)
        assert (await migration.verify()).differences == []
        assert len(points) == 4
        points = truncated_whenever_compared(migration, 3)
        await migration.handover(Side.AWS)
        assert len(points) > 3


async def test_a_row_that_is_missing_is_found_beside_a_truncate_of_another_table(
    sides: dict[Side, TestSide], truncated_whenever_compared: Truncating
) -> None:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("insert into users (full_name) values ('somebody')")
    migration = await copied_with_people_waiting(sides)
    async with following(migration), await connect(sides[Side.AWS].owner) as target:
        await target.execute("set session_replication_role = replica; delete from users")
        truncated_whenever_compared(migration, 1)
        (line,) = (await migration.verify()).differences
        assert line.startswith("public.users ")
        assert line.endswith(": missing on the receiving side")


async def test_a_table_that_is_emptied_whenever_it_is_compared_is_named_and_nothing_is_handed_over(
    sides: dict[Side, TestSide], truncated_whenever_compared: Truncating
) -> None:
    migration = await copied_with_people_waiting(sides)
    async with following(migration):
        assert (await migration.verify()).differences == []
        async with await connect(sides[Side.SUPABASE].owner) as source:
            await source.execute("insert into waitlist (email) values ('c@example.org')")
        truncated_whenever_compared(migration, 100)
        with pytest.raises(VerificationFailed, match=r"public\.waitlist: could not be compared in 20 attempts"):
            await migration.handover(Side.AWS)
        (line,) = (await migration.verify()).differences
        assert line.startswith("public.waitlist: could not be compared in 20 attempts")
        assert (await migration.seat()).side is Side.SUPABASE
        truncated_whenever_compared(migration, 0)
        assert (await migration.verify()).differences == []
        await migration.handover(Side.AWS)


async def test_a_table_without_any_identity_stops_the_migration_before_it_starts(sides: dict[Side, TestSide]) -> None:
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await source.execute("create table nameless (a int)")
    migration = migration_of(sides)
    await migration.prepare()
    with pytest.raises(PreflightFailed, match=r"public\.nameless"):
        await migration.copy()
    async with await connect(sides[Side.AWS].owner) as target:
        cursor = await target.execute("select count(*) from pg_tables where schemaname = 'public'")
        assert await cursor.fetchone() == (0,)


async def test_a_handover_interrupted_under_the_fence_is_called_off_by_the_next_start(
    sides: dict[Side, TestSide],
) -> None:
    migration = await copied(sides)
    async with following(migration):
        await migration.verify()
    async with await connect(sides[Side.SUPABASE].owner) as source:
        await close_fence(source, Seat(Side.AWS, 2))
        with pytest.raises(psycopg.Error) as refused:
            await source.execute("insert into waitlist (email) values ('fenced@example.org')")
        assert refused.value.sqlstate == MOVED
        successor = migration_of(sides)
        await successor.prepare()
        await source.execute("insert into waitlist (email) values ('open@example.org')")
        async with following(successor):
            assert (await successor.verify()).differences == []
            await successor.handover(Side.AWS)
            assert (await successor.seat()).side is Side.AWS


async def test_changes_go_on_arriving_while_a_comparison_waits_for_a_long_transaction(
    sides: dict[Side, TestSide],
) -> None:
    migration = await copied(sides)
    async with (
        following(migration),
        await connect(sides[Side.SUPABASE].owner) as slow,
        await connect(sides[Side.SUPABASE].owner) as quick,
        await connect(sides[Side.AWS].owner) as target,
    ):
        await slow.execute("begin")
        await slow.execute("insert into waitlist (email) values ('slow@example.org')")
        comparing = asyncio.create_task(migration.verify())
        for number in range(1, 4):
            await quick.execute("insert into waitlist (email) values (%s)", [f"{number}@example.org"])
            await until(lambda number=number: has_rows(target, "waitlist", number))
        assert not comparing.done()
        await slow.execute("commit")
        found = await comparing
        assert found.differences == []


async def has_rows(connection: AsyncConnection, table: str, number: int) -> bool:
    return await count_rows(connection, table) == number
