"""What is wrong with a server, a login or the settings is said by the check that is named for it."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql
from pydantic import SecretStr

from cyphr.embedded.binaries import installation
from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.process import run_as, unprivileged_account
from cyphr.foundation.clock import now
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.preflight import long_transactions, privileges
from cyphr.migrate.preflight.finding import Level
from tests.conftest import Server
from tests.e2e.migrate.preflight.conftest import Look, Pair, defect, settings_of
from tests.e2e.migrate.traffic import until


async def test_a_server_that_does_not_answer_is_named(pair: Pair, look: Look) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    found = await look("reachable", pair.reaching(Side.AWS, port=port))
    assert found.level is Level.FAILURE
    assert f"127.0.0.1:{port}" in found.saw


async def test_a_database_that_is_not_there_is_named(pair: Pair, look: Look) -> None:
    found = await look("reachable", pair.reaching(Side.AWS, dbname="nowhere"))
    assert (found.level, 'database "nowhere" does not exist' in found.saw) == (Level.FAILURE, True), found.saw


@pytest.mark.parametrize(
    ("mangle", "words"),
    [
        (lambda password: "wrong", "28P01"),
        (lambda password: password.replace("%", "%25").replace("$", "%24"), "it is percent-encoded, as in a URL"),
        (lambda password: f"'{password}'", "it has quotation marks around it"),
        (lambda password: password.replace("$", "\\$"), "it has backslashes before its special characters"),
        (lambda password: password.split("$")[0], "a shell or a URL may have cut it there"),
    ],
)
async def test_a_password_that_was_mangled_on_its_way_is_recognised_and_never_shown(
    mangle: object, words: str, pair: Pair, look: Look
) -> None:
    password = pair.settings.aws_database.password
    assert password is not None
    assert callable(mangle)
    found = await look("credentials", pair.reaching(Side.AWS, password=SecretStr(mangle(password.get_secret_value()))))
    assert (found.level, words in found.saw) == (Level.FAILURE, True), found.saw
    assert "28P01" in found.saw
    assert password.get_secret_value()[:12] not in found.saw


async def test_a_password_that_logs_in_is_ok(pair: Pair, look: Look) -> None:
    found = await look("credentials", pair.settings)
    assert (found.level, found.saw) == (Level.OK, "logged in as postgres on supabase and cyphr_admin on aws")


@asynccontextmanager
async def rules(server: Server, change: str, database: str) -> AsyncIterator[None]:
    """``pg_hba.conf`` with its general line replaced, until the end of the block."""
    file = server.cluster.data / "pg_hba.conf"
    original = file.read_text()
    lines = [change if line.split()[:2] == ["host", "all"] else line for line in original.splitlines()]

    async def reload(text: str) -> None:
        file.write_text(text)
        async with await connect(server.cluster.settings("template1")) as connection:
            await connection.execute("select pg_reload_conf()")

    async def is_refused() -> bool:
        try:
            await (await connect(server.cluster.settings(database))).close()
        except Unavailable:
            return True
        return False

    async def is_let_in() -> bool:
        return not await is_refused()

    await reload("\n".join(lines) + "\n")
    await until(is_refused)
    try:
        yield
    finally:
        await reload(original)
        await until(is_let_in)


async def test_a_server_that_demands_tls_is_named_for_it(aws_server: Server, pair: Pair, look: Look) -> None:
    database = pair.settings.aws_database.dbname
    # Everybody but our database may come without TLS, as on RDS nobody may.
    change = f'host "/^(?!{database}$)" all 127.0.0.1/32 scram-sha-256'
    async with rules(aws_server, change, database):
        found = await look("tls", pair.settings)
    assert found.level is Level.FAILURE
    assert "28000" in found.saw
    assert "no pg_hba.conf entry" in found.saw
    assert found.mend is not None
    assert "verify-full" in found.mend


async def test_a_connection_that_leaves_the_machine_must_verify_the_server(pair: Pair, look: Look) -> None:
    found = await look("tls", pair.reaching(Side.AWS, host="db.example.com", sslmode="require"))
    assert (found.level, "does not make sure that db.example.com" in found.saw) == (Level.FAILURE, True), found.saw


async def test_a_server_without_tls_is_told_from_one_with_a_bad_certificate(pair: Pair, look: Look) -> None:
    found = await look("tls", pair.reaching(Side.AWS, sslmode="verify-full"))
    assert (found.level, "SSL" in found.saw) == (Level.FAILURE, True), found.saw


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "aws-0-eu-central-1.pooler.supabase.com", "port": 5432}, "is Supabase's pooler"),
        ({"port": 6543}, "port 6543 is a pooler's"),
    ],
)
async def test_a_pooler_is_recognised_by_its_address(
    changes: dict[str, object], words: str, pair: Pair, look: Look
) -> None:
    settings = pair.reaching(Side.SUPABASE, **changes)
    checked = pair.settings.model_copy(update={"supabase_database": settings.supabase_database})
    # Asked of the name alone: nothing may be looked up outside this machine.
    found = await look("direct-connection", checked, connections={})
    assert (found.level, words in found.saw) == (Level.FAILURE, True), found.saw


async def test_a_role_that_may_not_replicate_is_found_by_trying(pair: Pair, look: Look) -> None:
    password = SecretStr("weak")
    make, undo = ["create role weak login password 'weak'"], ["drop role weak"]
    async with defect(pair, Side.SUPABASE, make, undo, as_superuser=True):
        settings = pair.reaching(Side.SUPABASE, user="weak", password=password)
        direct = await look("direct-connection", settings)
        allowed = await look("privileges", settings)
    assert (direct.level, "not to replicate" in direct.saw) == (Level.FAILURE, True), direct.saw
    assert (allowed.level, "may not create a schema" in allowed.saw) == (Level.FAILURE, True), allowed.saw


@pytest_asyncio.fixture
async def standby(supabase_server: Server, tmp_path: Path) -> AsyncIterator[PostgresCluster]:
    """A real one, made with pg_basebackup, that follows the Supabase side's server."""
    primary = supabase_server.cluster
    async with await connect(primary.settings("template1")) as connection:
        await connection.execute("alter role supabase_replication_admin password 'standby'")
    # A sibling of the primary's data: the account that runs it can get there.
    data, account = primary.data.parent / "standby", unprivileged_account()
    data.mkdir(mode=0o700)
    if account is not None:
        os.chown(data, account.uid, account.gid)
    where = f"host=127.0.0.1 port={primary.port} user=supabase_replication_admin password=standby sslmode=disable"
    programs = installation(16) / "bin"
    cluster = PostgresCluster(16, tmp_path / "standby", superuser=primary.superuser, password=primary_password(primary))
    made = await asyncio.to_thread(
        run_as,
        account,
        [programs / "pg_basebackup", "-D", data, "-d", where, "-R", "-X", "stream", "-c", "fast"],
    )
    assert made.returncode == 0, made.stdout
    cluster.folder.mkdir()
    (cluster.folder / "cluster.json").write_text(f'{{"version": 16, "data": "{data}"}}')
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
        shutil.rmtree(data)


def primary_password(cluster: PostgresCluster) -> SecretStr:
    password = cluster.settings("template1").password
    assert password is not None
    return password


async def test_a_source_that_is_a_standby_is_named(standby: PostgresCluster, pair: Pair, look: Look) -> None:
    settings = pair.reaching(Side.SUPABASE, port=standby.port, dbname="postgres")
    found = await look("standby", settings)
    assert (found.level, f"127.0.0.1:{standby.port} is a standby" in found.saw) == (Level.FAILURE, True), found.saw


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_a_target_in_another_encoding_is_refused(
    encoding: str, aws_server: Server, pair: Pair, look: Look
) -> None:
    name = f"other_{encoding.lower()}"
    create = sql.SQL("create database {} template template0 encoding {} locale 'C' owner cyphr_admin").format(
        sql.Identifier(name), sql.Literal(encoding)
    )
    async with await connect(aws_server.cluster.settings("template1")) as connection:
        await connection.execute(create)
        try:
            target = await look("encoding", pair.reaching(Side.AWS, dbname=name))
            source = await look("encoding", settings_of(aws_server.side_of(name).owner, pair.sides[Side.AWS].owner,
                                                        pair.settings.records_folder))  # fmt: skip
        finally:
            await connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
    assert (target.level, f"the source is UTF8, the target {encoding}") == (Level.FAILURE, target.saw)
    # Every text in LATIN1 can be written in UTF8, though it may sort otherwise; bytes without an encoding cannot.
    assert source.level is (Level.FAILURE if encoding == "SQL_ASCII" else Level.WARNING)


async def test_an_old_pg_dump_is_refused(pair: Pair, look: Look, tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 14.1'\n")
        program.chmod(0o755)
    found = await look("versions", pair.settings.model_copy(update={"postgres_programs": tmp_path}))
    assert (found.level, "pg_dump 14: pg_dump cannot read" in found.saw) == (Level.FAILURE, True), found.saw
    nowhere = await look("versions", pair.settings.model_copy(update={"postgres_programs": tmp_path / "no"}))
    assert (nowhere.level, "cannot run" in nowhere.saw) == (Level.FAILURE, True)


async def test_a_target_older_than_the_source_is_a_warning(pair: Pair, look: Look) -> None:
    assert (await look("versions", pair.settings)).level is Level.OK
    swapped = settings_of(pair.sides[Side.AWS].owner, pair.sides[Side.SUPABASE].owner, pair.settings.records_folder)
    found = await look("versions", swapped)
    assert (found.level, "older than the source" in found.saw) == (Level.WARNING, True), found.saw


async def test_a_slot_that_may_be_dropped_is_a_warning(pair: Pair, look: Look) -> None:
    async def kept(size: str) -> None:
        await pair.execute(
            Side.SUPABASE, f"alter system set max_slot_wal_keep_size = '{size}'", "select pg_reload_conf()",
            as_superuser=True,
        )  # fmt: skip

        async def is_set() -> bool:
            async with await connect(pair.sides[Side.SUPABASE].owner) as connection:
                cursor = await connection.execute("show max_slot_wal_keep_size")
                return await cursor.fetchone() == (size,)

        await until(is_set)

    await kept("1MB")
    try:
        found = await look("wal", pair.settings)
    finally:
        await kept("-1")
    assert (found.level, "max_slot_wal_keep_size is 1 MB" in found.saw) == (Level.WARNING, True), found.saw


async def test_a_target_with_too_few_locks_for_so_many_tables_is_told_what_to_set(
    aws_server: Server, pair: Pair, look: Look
) -> None:
    assert (await look("locks", pair.settings)).level is Level.OK
    make = "create table many.t%s (id int generated always as identity primary key, body text)"
    tables = f"do $$ begin for n in 1 .. 300 loop execute format('{make}', n); end loop; end $$"
    parameters = aws_server.cluster._parameters
    before = parameters["max_locks_per_transaction"]
    async with defect(pair, Side.SUPABASE, ["create schema many", tables], ["drop schema many cascade"]):
        try:
            parameters["max_locks_per_transaction"] = "10"
            await restart(aws_server)
            found = await look("locks", pair.settings)
        finally:
            parameters["max_locks_per_transaction"] = before
            await restart(aws_server)
    assert found.level is Level.FAILURE
    assert found.saw == "aws: 1200 locks are needed at once, the server has 1000"
    assert "max_locks_per_transaction = 64 on aws" in (found.mend or "")


async def restart(server: Server) -> None:
    await server.cluster.stop()
    await server.cluster.start()


async def test_an_extension_that_the_target_lacks_matters_when_a_table_is_made_of_it(pair: Pair, look: Look) -> None:
    make, undo = ["create extension vector"], ["drop extension vector cascade"]
    whose = f"alter role cyphr_admin in database {pair.settings.aws_database.dbname}"
    hide = [f"{whose} set extension_control_path = '/nowhere'"]
    show = [f"{whose} reset extension_control_path"]
    async with defect(pair, Side.SUPABASE, make, undo, as_superuser=True):
        offered = await look("extensions", pair.settings)
        async with defect(pair, Side.AWS, hide, show, as_superuser=True):
            unused = await look("extensions", pair.settings)
            await pair.execute(Side.SUPABASE, "create table public.defect (id int primary key, place vector(3))")
            used = await look("extensions", pair.settings)
            await pair.execute(Side.SUPABASE, "drop table public.defect")
    assert (unused.level, used.level) == (Level.WARNING, Level.FAILURE), (unused.saw, used.saw)
    assert "vector" in unused.saw
    # Here the master role is no rds_superuser in more than name, and the extension is not trusted: tried, and refused.
    assert (offered.level, "permission denied to create extension" in offered.saw) == (Level.FAILURE, True), offered.saw


async def test_a_transaction_that_is_open_for_long_is_named(
    pair: Pair, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_transactions, "_SECONDS", 0.0)
    monkeypatch.setattr(privileges, "_SLOT_SECONDS", 0.5)
    assert (await look("long-transactions", pair.settings)).level is Level.OK
    async with await AsyncConnection.connect(
        **pair.sides[Side.SUPABASE].owner.connection_arguments(), application_name="forgotten"
    ) as forgotten:
        await forgotten.execute("select pg_current_xact_id()")
        found = await look("long-transactions", pair.settings)
        allowed = await look("privileges", pair.settings)
        async with await connect(pair.sides[Side.SUPABASE].superuser) as connection:

            async def nobody_waits() -> bool:
                cursor = await connection.execute("select 1 from pg_replication_slots where temporary")
                return await cursor.fetchone() is None

            await until(nobody_waits)
    assert (found.level, "(forgotten)" in found.saw) == (Level.WARNING, True), found.saw
    assert allowed.level is Level.OK, allowed.saw


async def test_a_table_that_its_application_holds_is_left_alone(pair: Pair, look: Look) -> None:
    make, undo = ["create table public.held (id int primary key)"], ["drop table public.held"]
    reach = pair.sides[Side.SUPABASE].owner.connection_arguments()
    async with defect(pair, Side.SUPABASE, make, undo), await AsyncConnection.connect(**reach) as writer:
        await writer.execute("lock table public.held in row exclusive mode")
        found = await look("privileges", pair.settings)
        await writer.rollback()
        await writer.close()
    assert (found.level, "(1 were busy and not tried)" in found.saw) == (Level.OK, True), found.saw


async def test_a_clock_that_is_off_is_a_warning(pair: Pair, look: Look) -> None:
    assert (await look("clock-skew", pair.settings)).level is Level.OK
    found = await look("clock-skew", pair.settings, clock=lambda: now() + timedelta(minutes=5))
    assert found.level is Level.WARNING
    assert "supabase by 29" in found.saw or "supabase by 300" in found.saw
