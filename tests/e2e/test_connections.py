"""Connections that die are noticed, and by nobody who need not."""

import asyncio
from uuid import uuid4

import psutil

from cyphr.foundation.postgres import Database, Side, Transaction, connect
from cyphr.foundation.switchboard import Switchboard
from tests.conftest import TestSide
from tests.e2e.migrate.traffic import until


async def test_connections_that_died_while_nobody_used_them_are_noticed_by_nobody(supabase: TestSide) -> None:
    database = Database(Side.SUPABASE, supabase.owner, pool_size=4)
    switchboard = Switchboard({Side.SUPABASE: database})
    await switchboard.open()
    try:
        await switchboard.unit_of_work(None, _insert)
        async with await connect(supabase.superuser) as connection:  # as a restart of the server ends them
            cursor = await connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            assert len(await cursor.fetchall()) >= 1
        await switchboard.unit_of_work(None, _insert)
        async with await connect(supabase.owner) as connection:
            cursor = await connection.execute("select count(*) from waitlist where source = 'switchboard'")
            assert await cursor.fetchone() == (2,)
    finally:
        await switchboard.close()


async def _insert(transaction: Transaction) -> None:
    await transaction.execute(
        "insert into waitlist (email, source) values (%(email)s, 'switchboard')", email=f"{uuid4()}@example.org"
    )


async def test_a_connection_asks_whether_the_other_end_is_still_there(supabase: TestSide) -> None:
    async with await connect(supabase.owner) as connection:
        parameters = connection.info.get_parameters()
        seconds = int(parameters["keepalives_idle"]) + int(parameters["keepalives_interval"]) * int(
            parameters["keepalives_count"]
        )
    assert seconds <= 30


async def test_a_connection_that_is_given_up_while_it_is_made_is_closed(supabase: TestSide) -> None:
    ours = psutil.Process()

    def count() -> int:
        return sum(bool(to.raddr and to.raddr.port == supabase.owner.port) for to in ours.net_connections("tcp"))

    async def are_closed() -> bool:
        return count() <= before

    before = count()
    given_up = []  # kept, and with them what they hold: nothing is closed because nobody refers to it
    for steps in range(12):
        connecting = asyncio.create_task(connect(supabase.owner))
        for _ in range(steps):
            await asyncio.sleep(0)
        connecting.cancel()
        given_up.append(connecting)
    await asyncio.wait(given_up)
    assert any(connecting.cancelled() for connecting in given_up)
    await until(are_closed)
