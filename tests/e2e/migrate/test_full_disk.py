"""The receiving server runs out of disk while it is followed: following waits for room, and loses and doubles nothing.

Room is a file system of a few megabytes in memory, with a tablespace on it; only root may make one.
"""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from psycopg import sql

from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.migration import DatabaseMigration
from tests.conftest import Server, TestSide
from tests.e2e.migrate.test_database import copied, following
from tests.e2e.migrate.traffic import count_rows, until

_TABLE = "create table notes (content text); alter table notes replica identity full"  # without a key, to show doubles
_A_MEGABYTE = "insert into notes (content) select repeat(md5(n::text), 31) from generate_series(1, 1000) n"


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest_asyncio.fixture
async def small_disk(aws_server: Server) -> AsyncIterator[Path]:
    """Four megabytes that the receiving server may write."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    data = aws_server.cluster.data
    folder = data.parent / "small-disk"
    folder.mkdir()
    owner = data.stat()
    try:
        options = f"size=4m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    except subprocess.CalledProcessError:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        run("umount", "--lazy", str(folder))
        folder.rmdir()


@pytest_asyncio.fixture
async def aws(small_disk: Path, aws_bare: TestSide) -> AsyncIterator[TestSide]:
    """A receiving database with a tablespace there, ``small``."""
    async with await connect(aws_bare.superuser) as superuser:
        await superuser.execute(sql.SQL("create tablespace small location {}").format(str(small_disk)))
        try:
            yield aws_bare
        finally:
            await superuser.execute("drop table notes; checkpoint")  # files of what was dropped stay until one
            await superuser.execute("drop tablespace small")


async def complaint(migration: DatabaseMigration) -> str:
    return str((await migration.progress())["last_error"])


async def test_a_receiver_whose_disk_is_full_is_waited_for_and_the_status_says_so(
    supabase_bare: TestSide, aws: TestSide, small_disk: Path
) -> None:
    sides = {Side.SUPABASE: supabase_bare, Side.AWS: aws}
    async with await connect(supabase_bare.owner) as source, await connect(aws.owner) as target:
        await source.execute(_TABLE)
        await source.execute(_A_MEGABYTE)
        migration = await copied(sides)
        async with await connect(aws.superuser) as superuser:
            await superuser.execute("alter table notes set tablespace small")
        async with following(migration):
            assert (await migration.verify()).differences == []

            async def is_full() -> bool:
                await source.execute(_A_MEGABYTE)
                return "No space left on device" in await complaint(migration)

            await until(is_full, 60)
            there, here = await count_rows(source, "notes"), await count_rows(target, "notes")
            assert here < there
            assert here % 1000 == 0  # whole transactions of the sender, none of them in part
            for _ in range(20):  # while it tries again and again, the status does not take the complaint back
                assert "No space left on device" in await complaint(migration)
                await asyncio.sleep(0.02)
            run("mount", "-o", "remount,size=64m", str(small_disk))
            await source.execute("insert into notes values ('after')")

            async def is_through() -> bool:
                return await count_rows(target, "notes") >= there + 1

            await until(is_through, 60)
            assert (await migration.progress())["last_error"] is None
            assert (await migration.verify()).differences == []
            assert await count_rows(target, "notes") == there + 1
