"""Large tables are copied in parts, ranges of their blocks, so that a crash costs a part and no more."""

from collections import defaultdict
from dataclasses import dataclass

from psycopg import AsyncConnection

from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.points import queries
from cyphr.migrate.database.follow.stream import parse_lsn

_BLOCK_BYTES = 8192


@dataclass(frozen=True)
class Part:
    """Blocks of ``table`` on the source, from ``first_block`` to before ``end_block`` (None: to its end)."""

    table: Table
    number: int
    filenode: int
    first_block: int
    end_block: int | None
    lsn: int | None = None
    """The point that its rows show on the target; None: not copied yet."""
    others_lsn: int | None = None
    """The point that parts which were copied before show; None: there are none."""

    @property
    def bytes(self) -> int:
        """About how large it is."""
        return (self.end_block - self.first_block) * _BLOCK_BYTES if self.end_block is not None else _BLOCK_BYTES


async def plan_parts(
    reader: AsyncConnection, target: AsyncConnection, tables: list[Table], part_bytes: int
) -> dict[Table, list[Part]]:
    """The parts still to be copied of every table that is copied in parts; recorded, so that a restart has the same.

    Only a table with a key can be: its rows must be found again. One whose rows were written anew on the source since
    (VACUUM FULL, CLUSTER, TRUNCATE) begins anew too: its blocks hold other rows now.
    """
    known = await _read_plan(target, tables)
    plan: dict[Table, list[Part]] = {}
    for table in tables:
        if not table.key or (table.bytes <= part_bytes and table not in known):
            continue
        cursor = await reader.execute(queries.filenode, {"schema": table.schema, "table": table.name})
        row = await cursor.fetchone()
        assert row is not None, f"{table.title} is gone from the source"
        filenode, blocks = row
        parts = known.get(table, [])
        if not parts or parts[0].filenode != filenode:
            parts = _cut(table, filenode, blocks, max(1, part_bytes // _BLOCK_BYTES))
            await _record_plan(target, table, parts)
        plan[table] = [part for part in parts if part.lsn is None]
    return plan


def _cut(table: Table, filenode: int, blocks: int, length: int) -> list[Part]:
    starts = range(0, max(blocks, 1), length)
    return [
        Part(table, number, filenode, start, None if start + length >= blocks else start + length)
        for number, start in enumerate(starts)
    ]


async def _record_plan(target: AsyncConnection, table: Table, parts: list[Part]) -> None:
    """Write the plan down and empty the table, both or neither."""
    names = {"schema": table.schema, "table": table.name}
    async with target.transaction():
        await target.execute(queries.forget_parts, names)
        for part in parts:
            values = {"filenode": part.filenode, "first_block": part.first_block, "end_block": part.end_block}
            await target.execute(queries.plan_part, {**names, "number": part.number, **values})
        await target.execute("set local session_replication_role = replica")  # its fence is closed
        await table.truncate(target)


async def _read_plan(target: AsyncConnection, tables: list[Table]) -> dict[Table, list[Part]]:
    by_name = {(table.schema, table.name): table for table in tables}
    rows = await (await target.execute(queries.planned_parts)).fetchall()
    copied: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for schema, name, *_, lsn in rows:
        if lsn is not None:
            copied[schema, name].append(parse_lsn(lsn))
    plan: defaultdict[Table, list[Part]] = defaultdict(list)
    for schema, name, number, filenode, first_block, end_block, lsn in rows:
        if table := by_name.get((schema, name)):
            others = max(copied[schema, name], default=None)
            point = None if lsn is None else parse_lsn(lsn)
            plan[table].append(Part(table, number, filenode, first_block, end_block, point, others))
    return dict(plan)
