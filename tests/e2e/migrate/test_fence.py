"""The fence by itself: what it stops, on which tables, and how it is opened again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import MOVED, Side, connect
from cyphr.migrate.database import streams
from cyphr.migrate.database.handover import fence
from cyphr.migrate.database.handover.closing import install_and_remember
from cyphr.migrate.database.handover.fence import (
    FenceTarget,
    arm_fence,
    close_fence,
    disarm_fence,
    install_fence,
    lift_fence,
    read_fence_targets,
)
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.handover.transactions import send_vacuum_away
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import until

_AWAY, _BACK = Seat(Side.AWS, 2), Seat(Side.SUPABASE, 3)


@pytest_asyncio.fixture
async def source(supabase_bare: TestSide) -> AsyncIterator[AsyncConnection]:
    """The owner's connection to a source that knows the switchboard."""
    async with await connect(supabase_bare.owner) as connection:
        await install_and_remember(connection)
        await streams.install_streams(connection)
        await connection.execute("insert into cyphr.switchboard (service, side) values ('database', 'supabase')")
        yield connection


async def is_refused(connection: AsyncConnection, statement: str) -> bool:
    """Whether the fence refuses ``statement``; what it does is undone."""
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(statement)
    except psycopg.Error as error:
        if error.sqlstate != MOVED:
            raise
        return True
    return False


async def are_refused(connection: AsyncConnection, *statements: str) -> set[bool]:
    return {await is_refused(connection, statement) for statement in statements}


async def test_a_partitioned_table_is_fenced_at_its_parents_and_its_leaves(source: AsyncConnection) -> None:
    await source.execute(
        "create table events (at int, what text) partition by range (at);"
        "create table early partition of events for values from (0) to (100) partition by list (what);"
        "create table early_a partition of early for values in ('a');"
        "create table late partition of events for values from (100) to (200);"
        "create table ancestor (n int);"
        "create table heir () inherits (ancestor)"
    )
    writes = [
        "insert into events values (1, 'a')",
        "insert into early values (1, 'a')",
        "insert into early_a values (1, 'a')",
        "update events set what = 'b' where at = 150",
        "delete from late",
        "truncate events",
        "insert into ancestor values (1)",
        "delete from heir",
    ]
    await install_fence(source, closed=False)
    assert await are_refused(source, *writes) == {False}
    await close_fence(source, _AWAY)
    assert await are_refused(source, *writes) == {True}
    await lift_fence(source, _BACK, {})
    assert await are_refused(source, *writes) == {False}


async def test_a_table_of_another_role_is_fenced_by_replacing_its_trigger(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    async with await connect(supabase_bare.superuser) as superuser:
        await superuser.execute(
            "create table public.theirs (a int);"
            "revoke all on public.theirs from postgres, anon, authenticated, service_role;"
            "grant select, insert, trigger on public.theirs to postgres"
        )
    write = "insert into theirs values (1)"
    await install_fence(source, closed=False)
    assert not await is_refused(source, write)
    await close_fence(source, _AWAY)
    assert await is_refused(source, write)
    await lift_fence(source, _BACK, {})
    assert not await is_refused(source, write)


async def test_a_table_that_cannot_be_fenced_is_named_and_nothing_is_fenced(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    await source.execute("create table ours (a int)")
    await install_fence(source, closed=False)
    async with await connect(supabase_bare.superuser) as superuser:
        await superuser.execute(
            "create table public.theirs (a int);"
            "revoke all on public.theirs from postgres, anon, authenticated, service_role"
        )
    with pytest.raises(HandoverRefused, match="theirs"):
        await close_fence(source, _AWAY)
    assert not await is_refused(source, "insert into ours values (1)")


async def test_a_table_made_after_the_fence_was_installed_is_fenced_with_the_others(source: AsyncConnection) -> None:
    await install_fence(source, closed=False)
    await source.execute("create table late (a int)")
    await close_fence(source, _AWAY)
    assert await is_refused(source, "insert into late values (1)")


@pytest.fixture
def every_table_is_one_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "_FEW_TABLES", 0)


@pytest.mark.usefixtures("every_table_is_one_of_many")
async def test_armed_tables_are_written_until_the_fence_is_closed_and_then_by_no_snapshot_any_more(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    await source.execute("create table armed (a int)")
    async with await connect(supabase_bare.superuser) as superuser:
        await superuser.execute("create publication everything for all tables")  # which asks more of whoever writes
    await install_fence(source, closed=False)
    await arm_fence(source)
    async with await connect(supabase_bare.owner) as early:
        await early.execute("begin isolation level repeatable read; select from armed")
        assert not await is_refused(source, "insert into armed values (1)")
        await close_fence(source, _AWAY)
        with pytest.raises(psycopg.Error) as refused:
            await early.execute("insert into armed values (1)")
        assert refused.value.sqlstate == MOVED
        await early.execute("rollback")
    await lift_fence(source, _BACK, {})
    assert not await is_refused(source, "insert into armed values (1)")
    assert [target.armed for target in await read_fence_targets(source)] == [True]
    await disarm_fence(source)
    assert [target.armed for target in await read_fence_targets(source)] == [False]


@pytest.mark.usefixtures("every_table_is_one_of_many")
async def test_closing_waits_for_whoever_has_written_an_armed_table_and_for_no_reader(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    await source.execute("create table armed (a int); create table other (a int)")
    await install_fence(source, closed=False)
    await arm_fence(source)
    async with (
        await connect(supabase_bare.owner) as writer,
        await connect(supabase_bare.owner) as reader,
        await connect(supabase_bare.owner) as onlooker,
    ):
        await reader.execute("begin; select from armed; select from other")
        await writer.execute("begin; insert into armed values (1)")
        closing = asyncio.create_task(close_fence(source, _AWAY))
        await until(_waits(onlooker, source.info.backend_pid))
        await writer.execute("insert into other values (1); commit")  # it has passed the fence
        await closing
        assert await are_refused(writer, "insert into armed values (2)", "insert into other values (2)") == {True}
        await reader.execute("commit")


@pytest.mark.usefixtures("every_table_is_one_of_many")
async def test_a_table_that_somebody_disarmed_is_fenced_with_the_others(source: AsyncConnection) -> None:
    await source.execute("create table loaded (a int)")
    await install_fence(source, closed=False)
    await arm_fence(source)
    await source.execute("alter table loaded disable trigger all")
    await close_fence(source, _AWAY)
    assert await is_refused(source, "insert into loaded values (1)")


@pytest.mark.usefixtures("every_table_is_one_of_many")
async def test_nothing_is_fenced_while_somebody_is_disarming_a_table(
    source: AsyncConnection, supabase_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyphr.migrate.database.handover.locks._ATTEMPTS", 3)
    await source.execute("create table loaded (a int); create table other (a int)")
    await install_fence(source, closed=False)
    await arm_fence(source)
    async with await connect(supabase_bare.owner, application_name="a load") as loader, loader.transaction():
        await loader.execute("alter table loaded disable trigger all")
        with pytest.raises(HandoverRefused, match=r"\(a load\) on public\.loaded"):
            await close_fence(source, _AWAY)
    assert await are_refused(source, "insert into loaded values (1)", "insert into other values (1)") == {False}


@pytest.mark.usefixtures("every_table_is_one_of_many")
async def test_a_table_that_is_dropped_just_before_its_lock_is_asked_for_is_told_to_the_operator(
    source: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await source.execute("create table short_lived (a int)")
    await install_fence(source, closed=False)

    async def read_and_drop(connection: AsyncConnection) -> list[FenceTarget]:
        targets = await read_fence_targets(connection)
        await source.execute("drop table short_lived")
        return targets

    monkeypatch.setattr(fence, "read_fence_targets", read_and_drop)
    with pytest.raises(HandoverRefused, match="short_lived"):
        await arm_fence(source)


async def test_triggers_that_fire_for_a_replica_are_plain_behind_the_fence_and_themselves_again_in_front(
    source: AsyncConnection,
) -> None:
    await source.execute(
        "create table seen (a int); create table log (a int);"
        "create function note() returns trigger language plpgsql as"
        " $$ begin insert into public.log values (new.a); return new; end $$;"
        "create trigger always after insert on seen for each row execute function note();"
        "create trigger replica after insert on seen for each row execute function note();"
        "create trigger off after insert on seen for each row execute function note();"
        "create rule loud as on insert to log do also select 1;"
        "alter table seen enable always trigger always; alter table seen enable replica trigger replica;"
        "alter table seen disable trigger off; alter table log enable always rule loud"
    )
    before = await _states(source)
    await install_fence(source, closed=False)
    await close_fence(source, _AWAY)
    assert await _states(source) == before | {"always": "O", "replica": "O", "loud": "O"}
    await lift_fence(source, _BACK, {})
    assert await _states(source) == before


async def _states(connection: AsyncConnection) -> dict[str, str]:
    cursor = await connection.execute(
        "select tgname, tgenabled::text from pg_trigger where not tgisinternal and tgname <> 'cyphr_fence'"
        " union all select rulename, ev_enabled::text from pg_rewrite where rulename = 'loud'"
    )
    return dict(await cursor.fetchall())


@pytest.mark.parametrize("count", [300, pytest.param(5000, marks=pytest.mark.soak)])
async def test_thousands_of_tables_are_fenced_in_one_transaction_and_opened_in_another(
    count: int, source: AsyncConnection
) -> None:
    for first in range(1, count + 1, 500):  # each transaction may hold a limited number of locks
        last = min(first + 499, count)
        await source.execute(
            f"do $$ begin for n in {first}..{last} loop execute format('create table t%s (a int)', n); end loop; end $$"
        )
    await install_fence(source, closed=False)
    await close_fence(source, _AWAY)
    assert await are_refused(source, "insert into t1 values (1)", f"insert into t{count} values (1)") == {True}
    await lift_fence(source, _BACK, {})
    assert await are_refused(source, "insert into t1 values (1)", f"insert into t{count} values (1)") == {False}


async def test_an_application_that_locks_the_tables_the_other_way_round_never_sees_a_deadlock(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    await source.execute("create table a (n int); create table b (n int)")
    await install_fence(source, closed=False)
    async with await connect(supabase_bare.owner) as application, await connect(supabase_bare.owner) as onlooker:
        await application.execute("begin")
        await application.execute("insert into b values (1)")
        closing = asyncio.create_task(close_fence(source, _AWAY))
        await until(_waits(onlooker, source.info.backend_pid))  # it holds a, and waits for b
        await application.execute("insert into a values (1)")  # which waits for a: neither can go on
        await application.execute("commit")
        await closing
        cursor = await application.execute("select (select count(*) from a), (select count(*) from b)")
        assert await cursor.fetchone() == (1, 1)
        assert await is_refused(application, "insert into a values (2)")


def _waits(onlooker: AsyncConnection, pid: int) -> Callable[[], Awaitable[bool]]:
    async def is_waiting() -> bool:
        cursor = await onlooker.execute("select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", [pid])
        return await cursor.fetchone() == (True,)

    return is_waiting


async def test_who_is_in_the_way_is_named_when_the_locks_cannot_be_had(
    source: AsyncConnection, supabase_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyphr.migrate.database.handover.locks._ATTEMPTS", 3)
    await source.execute("create table held (a int)")
    await install_fence(source, closed=False)
    async with await connect(supabase_bare.owner, application_name="a backup") as holder, holder.transaction():
        await holder.execute("lock table held in share mode")  # it has written nothing
        with pytest.raises(HandoverRefused, match=r"\(a backup\) on public\.held"):
            await close_fence(source, _AWAY)
    assert not await is_refused(source, "insert into held values (1)")


async def test_a_clock_that_is_years_off_changes_no_decision(source: AsyncConnection) -> None:
    await source.execute("create table t (a int)")
    await install_fence(source, closed=False)
    for moment in ("infinity", "1970-01-01"):
        await source.execute("update cyphr.switchboard set changed_at = %s", [moment])
        epoch = 2 if moment == "infinity" else 4
        await close_fence(source, Seat(Side.AWS, epoch))
        assert await is_refused(source, "insert into t values (1)")
        await source.execute("update cyphr.switchboard set changed_at = %s", [moment])
        await lift_fence(source, Seat(Side.SUPABASE, epoch + 1), {})
        assert not await is_refused(source, "insert into t values (1)")


@pytest.mark.soak
async def test_autovacuum_leaves_a_table_without_a_writer_having_to_wait(
    source: AsyncConnection, supabase_bare: TestSide
) -> None:
    await source.execute(
        "create table big (a int) with (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,"
        " autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);"
        "insert into big select generate_series(1, 100000); delete from big where a < 90000"
    )
    async with await connect(supabase_bare.superuser) as superuser, await connect(supabase_bare.owner) as writer:
        await superuser.execute("alter system set autovacuum_naptime = '1s'")
        await superuser.execute("select pg_reload_conf()")
        try:
            await until(lambda: _is_vacuumed(source), 60)
            leaving = asyncio.create_task(send_vacuum_away(source))
            await writer.execute("set lock_timeout = '100ms'")
            while not leaving.done():
                await writer.execute("insert into big values (1)")
            await leaving
            await close_fence(source, _AWAY)
        finally:
            await superuser.execute("alter system reset autovacuum_naptime")
            await superuser.execute("select pg_reload_conf()")


async def _is_vacuumed(connection: AsyncConnection) -> bool:
    cursor = await connection.execute(
        "select from pg_locks l join pg_stat_activity a using (pid) where a.backend_type = 'autovacuum worker'"
        " and l.relation = 'big'::regclass and l.mode = 'ShareUpdateExclusiveLock' and l.granted"
    )
    return cursor.rowcount == 1
