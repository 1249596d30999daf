"""The servers of one folder start and end together, whatever happened before."""

import json
import os
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cyphr.embedded.process import read_note
from cyphr.embedded.remains import stop_stack
from cyphr.embedded.stack import Stack
from cyphr.foundation.errors import Conflict, NotAllowed, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from tests.memory import passable_folder


@pytest_asyncio.fixture
async def folder() -> AsyncIterator[Path]:
    with passable_folder() as around:
        yield around / "up"
        await Stack(around / "up").destroy()


async def _count(settings: PostgresSettings, table: str) -> object:
    async with await connect(settings) as connection:
        row = await (await connection.execute(f"select count(*) from {table}")).fetchone()  # type: ignore[arg-type]
        return row and row[0]


async def test_a_stack_lives_on_when_left_running_and_a_crash_costs_nothing_committed(folder: Path) -> None:
    async with Stack(folder) as stack:
        async with await connect(stack.owner(Side.SUPABASE)) as connection:
            await connection.execute("insert into public.users (full_name) values ('Anna')")
        assert await _count(stack.app(Side.SUPABASE), "cyphr.switchboard") == 3
        stack.leave_running()
    # Another process would find everything in the folder.
    description = json.loads((folder / "stack.json").read_text())
    owner = PostgresSettings.model_validate(description["databases"]["supabase"]["owner"])
    assert await _count(owner, "public.users") == 1

    said: list[str] = []
    async with Stack(folder, say=said.append) as stack:
        assert any("stopped postgres-supabase, which an earlier run had left behind" in line for line in said)
        assert await _count(stack.owner(Side.SUPABASE), "public.users") == 1
        os.kill(stack.clusters[Side.SUPABASE].process.pid, signal.SIGKILL)
        with pytest.raises(Unavailable, match="postgres-supabase ended unexpectedly"):
            await stack.until_a_server_ends()
    async with Stack(folder) as stack:
        assert await _count(stack.owner(Side.SUPABASE), "public.users") == 1
        stack.leave_running()
    assert set(await stop_stack(folder)) == {"aws", "postgres-supabase", "postgres-aws"}
    assert await stop_stack(folder) == []

    async with Stack(folder, fresh=True) as stack:
        assert await _count(stack.owner(Side.SUPABASE), "public.users") == 0


async def test_a_folder_holds_one_running_stack_whose_secrets_are_for_their_owner_only_and_in_no_log(
    folder: Path,
) -> None:
    async with Stack(folder) as stack:
        with pytest.raises(Conflict, match=r"running in .* already"):
            await Stack(folder, fresh=True).start()
        stack.secrets.token_key()
        secrets = {file: file.read_text().strip() for file in stack.secrets.folder.iterdir()}
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets} == {0o600}
    written = (folder / "stack.json").read_text()
    written += "".join(
        (folder / name / "server.log").read_text() for name in ("aws", "postgres-aws", "postgres-supabase")
    )
    assert not [file.name for file, secret in secrets.items() if secret in written]


async def test_a_folder_with_other_files_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Conflict, match="will not be wiped"):
        await Stack(tmp_path, fresh=True).start()
    assert (tmp_path / "thesis.txt").exists()


async def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(NotAllowed, match="choose another folder"):
        await Stack(Path("/proc/cyphr")).start()


async def test_stopping_leaves_a_process_alone_that_only_has_the_same_pid(tmp_path: Path) -> None:
    (tmp_path / "aws").mkdir()
    note = tmp_path / "aws/process.json"
    note.write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    assert read_note(note) is None
    assert await stop_stack(tmp_path) == []
