"""A server of ours starts whatever happened to it before, and says clearly why when it cannot."""

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import cyphr.embedded.postgres
from cyphr.embedded.binaries import installation, reachable_installation
from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.process import ended, run_as, unprivileged_account
from cyphr.foundation.errors import Conflict, NotAllowed, Unavailable
from cyphr.foundation.postgres import connect
from tests.memory import passable_folder


@pytest.fixture
def new_folder() -> Iterator[Path]:
    """Where no server has been yet."""
    with passable_folder() as around:
        yield around / "postgres"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where there may be the data of a server that was stopped: to make it takes longer than what is tried with it."""
    with passable_folder() as around:
        yield around / "postgres"


def _cluster(folder: Path, **arguments: Any) -> PostgresCluster:
    arguments = {"password": SecretStr('it\'s a "secret"'), "durable": False} | arguments
    return PostgresCluster(16, folder, superuser="boss", **arguments)


async def _write(cluster: PostgresCluster) -> None:
    async with await connect(cluster.settings("postgres")) as connection:
        await connection.execute("drop table if exists kept")
        await connection.execute("create table kept as select 42 as value")


async def _read(cluster: PostgresCluster) -> object:
    async with await connect(cluster.settings("postgres")) as connection:
        return await (await connection.execute("select value from kept")).fetchone()


async def test_a_second_start_finds_the_data_and_the_port_of_the_first(folder: Path) -> None:
    async with _cluster(folder) as first:
        await _write(first)
        port = first.port
    async with _cluster(folder / ".." / folder.name) as second:  # as a relative path may be spelt
        assert second.port == port
        assert await _read(second) == (42,)


async def test_a_server_that_was_killed_starts_again_with_what_it_had_committed(folder: Path) -> None:
    async with _cluster(folder, durable=True) as cluster:
        await _write(cluster)
        async with await connect(cluster.settings("postgres")):  # a backend is alive at that moment
            os.kill(cluster.process.pid, signal.SIGKILL)
        assert await ended(cluster.process, 10)
    async with _cluster(folder, durable=True) as cluster:
        assert await _read(cluster) == (42,)


async def test_a_pid_file_that_now_names_another_process_does_not_stop_the_start(folder: Path) -> None:
    async with _cluster(folder) as cluster:
        text = (cluster.data / "postmaster.pid").read_text()
        os.kill(cluster.process.pid, signal.SIGKILL)
        assert await ended(cluster.process, 10)
        lines = text.splitlines()
        (cluster.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    async with _cluster(folder) as cluster:
        assert cluster.port


async def test_a_running_server_is_not_started_a_second_time(folder: Path) -> None:
    async with _cluster(folder) as cluster:
        with pytest.raises(Conflict, match=f"already runs .* as process {cluster.process.pid}"):
            await _cluster(folder).start()


async def test_a_demanded_port_that_is_taken_is_a_conflict_and_a_remembered_one_is_given_up(folder: Path) -> None:
    async with _cluster(folder) as cluster:
        port = cluster.port
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(Conflict, match=f"port {port} of 127.0.0.1 is taken"):
            await _cluster(folder, port=port).start()
        async with _cluster(folder) as cluster:
            assert cluster.port != port


async def test_data_lies_in_the_folder_when_the_server_can_get_there(folder: Path) -> None:
    async with _cluster(folder) as cluster:
        assert cluster.data == folder / "data"
        async with await connect(cluster.settings("postgres")) as connection:
            assert await (await connection.execute("show data_directory")).fetchone() == (str(folder / "data"),)


async def test_a_closed_folder_stays_closed_and_root_keeps_the_data_elsewhere(new_folder: Path) -> None:
    new_folder.parent.chmod(0o700)
    said: list[str] = []
    cluster = _cluster(new_folder, say=said.append)
    try:
        await cluster.start()
        assert stat.S_IMODE(new_folder.parent.stat().st_mode) == 0o700
        if unprivileged_account() is None:
            assert cluster.data == new_folder / "data"
        else:
            elsewhere = cluster.data.parent
            assert elsewhere.parent == Path("/var/tmp")
            assert (elsewhere.stat().st_uid, stat.S_IMODE(elsewhere.stat().st_mode)) == (0, 0o711)
            assert any(str(cluster.data) in line for line in said)
        data = cluster.data
    finally:
        await cluster.destroy()
    assert not data.exists()
    assert not new_folder.exists()


def test_programs_that_the_account_cannot_reach_are_copied_where_it_can(tmp_path: Path) -> None:
    account = unprivileged_account()
    package = installation(16).parent
    hidden = tmp_path / "hidden" / package.name / "pginstall"
    shutil.copytree(installation(16), hidden, symlinks=True)
    shutil.copytree(f"{package}.libs", tmp_path / "hidden" / f"{package.name}.libs")
    for around, _, files in os.walk(tmp_path / "hidden"):  # as an installation under umask 077 is
        Path(around).chmod(0o700)
        for name in files:
            Path(around, name).chmod(stat.S_IMODE(Path(around, name).stat().st_mode) & 0o700)
    said: list[str] = []
    found = reachable_installation(hidden, account, said.append)
    if account is None:
        assert found == hidden
        return
    try:
        assert found != hidden
        assert run_as(account, [found / "bin/initdb", "--version"]).stdout.startswith("initdb (PostgreSQL) 16")
        assert said == [f"account {account.name!r}, which runs PostgreSQL, cannot reach {hidden}; a copy is in {found}"]
        assert reachable_installation(hidden, account, said.append) == found
        assert len(said) == 1
    finally:
        shutil.rmtree(found.parent.parent)


async def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(NotAllowed, match="cannot keep a PostgreSQL server in /proc/cyphr"):
        await _cluster(Path("/proc/cyphr/postgres")).start()


async def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(folder: Path) -> None:
    async with _cluster(folder) as cluster:
        configuration = cluster.data / "postgresql.conf"
    before = configuration.read_text()
    configuration.write_text("no_such_setting = on\n")
    with pytest.raises(Unavailable, match='unrecognized configuration parameter "no_such_setting"'):
        await _cluster(folder).start()
    configuration.write_text(before)


async def test_a_lost_password_is_reported_at_once(folder: Path) -> None:
    async with _cluster(folder):
        pass
    with pytest.raises(NotAllowed, match="begin afresh"):
        await _cluster(folder, password=SecretStr("another")).start()


async def test_a_full_disk_is_reported_before_anything_is_written(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cyphr.embedded.postgres, "_ROOM_NEEDED", 1 << 62)  # no disk has that much
    with pytest.raises(Unavailable, match=r"the disk under .* is full: \d+ MB are free"):
        await _cluster(new_folder).start()
    assert not (new_folder / "data").exists()
