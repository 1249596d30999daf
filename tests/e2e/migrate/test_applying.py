"""How a run of changes is made: many rows at a time, but for what does not fit so."""

from collections.abc import Sequence

import pytest

from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.follow.net import Change, Replay, relation_of
from cyphr.migrate.database.follow.pgoutput import Truncate
from cyphr.migrate.database.follow.writer import Writer
from tests.conftest import TestSide
from tests.e2e.migrate.test_database import copied, following


@pytest.fixture
async def sides(supabase_bare: TestSide, aws_bare: TestSide) -> dict[Side, TestSide]:
    async with await connect(supabase_bare.owner) as source:
        await source.execute("create table notes (id int primary key, content text)")
        await source.execute("create table seats (id int primary key, place int unique)")
        await source.execute("insert into seats values (1, 1), (2, 2)")
    return {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare}


async def test_where_two_rows_swap_a_unique_value_only_their_table_is_written_row_by_row(
    sides: dict[Side, TestSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[str] = []
    write_in_order = Writer._write_in_order

    async def noted(writer: Writer, changes: Sequence[Change]) -> None:
        for change in changes:
            assert not isinstance(change, Truncate | Replay)
            alone.append(writer.relations[relation_of(change)].table.name)
        await write_in_order(writer, changes)

    monkeypatch.setattr(Writer, "_write_in_order", noted)
    migration = await copied(sides)
    async with following(migration), await connect(sides[Side.SUPABASE].owner) as source:
        for number in range(3):  # what is prepared once stays prepared after a run was undone
            async with source.transaction():
                await source.execute(
                    f"insert into notes select {number} * 100 + n, 'new' from generate_series(1, 100) n"
                )
                await source.execute("update notes set content = 'changed'")
                await source.execute("update seats set place = -1 where id = 1")
                await source.execute("update seats set place = 3 - place where id = 2")
                await source.execute("update seats set place = 3 - (select place from seats where id = 2) where id = 1")
            assert (await migration.verify()).differences == []
    assert alone == ["seats"] * 9
