"""Writers whose servers die: what they were promised, and what they cannot know.

A unit of work whose server went away before it answered may have been committed or not. Its rows are then allowed to be
as before or as after, all of them alike, and are left alone from there on. Everything acknowledged allows one state.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Database, Side, Transaction
from cyphr.foundation.switchboard import Switchboard
from tests.conftest import TestSide

State = tuple[UUID, str] | None
"""Id and name of a row; None: it is not there."""

Work = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Unit:
    """One unit of work: its rows before and after it."""

    work: Work
    before: tuple[State, ...]
    after: tuple[State, ...]


@dataclass(frozen=True)
class Failure:
    """What a writer saw instead of an acknowledgement, and when it had asked (monotonic seconds)."""

    began: float
    ended: float
    error: Exception


class Writers:
    """``count`` writers, each with rows of its own, through the switchboard, as the tables' owner."""

    def __init__(self, sides: Mapping[Side, TestSide], dice: random.Random, *, count: int) -> None:
        self._databases = {side: Database(side, sides[side].owner, pool_size=count) for side in Side}
        self._switchboard = Switchboard(self._databases)
        self._seeds = [dice.random() for _ in range(count)]
        self._sure: set[tuple[UUID, str]] = set()
        self._unknown: list[Unit] = []
        self.units = 0
        self.failures: list[Failure] = []

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Write until the block ends, then finish what is under way."""
        await self._switchboard.open()
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(self._write(random.Random(seed), stopping)) for seed in self._seeds]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)
            await self._switchboard.close()

    async def wrongs(self, connection: AsyncConnection) -> list[str]:
        """Every acknowledged row that this database lacks, every row that it has unasked or twice."""
        cursor = await connection.execute("select id, full_name from users where nickname = 'traffic'")
        found: Counter[Any] = Counter([(key, name) for key, name in await cursor.fetchall()])
        wrongs = [f"lost: {row}" for row in self._sure if not found[row]]
        found.subtract(self._sure)
        for unit in self._unknown:
            before, after = (Counter(row for row in rows if row) for rows in (unit.before, unit.after))
            if after and _holds(found, after):
                found.subtract(after)
            elif _holds(found, before):
                found.subtract(before)
            elif not after:
                continue
            else:
                wrongs.append(f"neither as before nor as after: {unit.before} → {unit.after}")
        return wrongs + [f"unasked or doubled: {row} × {number}" for row, number in found.items() if number > 0]

    async def _write(self, dice: random.Random, stopping: asyncio.Event) -> None:
        mine: list[tuple[UUID, str]] = []
        while not stopping.is_set():
            began = monotonic()
            unit = _choose(dice, mine)
            rows_before = {row for row in unit.before if row}
            rows_after = [row for row in unit.after if row]
            mine[:] = [row for row in mine if row not in rows_before]
            self._sure -= rows_before
            try:
                await self._switchboard.unit_of_work(None, unit.work)
            except Exception as error:
                self.failures.append(Failure(began, monotonic(), error))
                self._unknown.append(unit)
                await asyncio.sleep(0.1)  # an application does not ask a server that is down without a pause
            else:
                self.units += 1
                self._sure.update(rows_after)
                mine += rows_after
            await asyncio.sleep(dice.expovariate(100))


def _choose(dice: random.Random, mine: list[tuple[UUID, str]]) -> Unit:
    kind = dice.random()
    if kind < 0.5 or len(mine) < 3:
        return _insert([uuid4() for _ in range(dice.randint(1, 4))])
    row = dice.choice(mine)
    if kind < 0.75:
        return _update(row, f"changed {dice.random()}")
    if kind < 0.9:
        return _delete(row)
    return _change_key(row, uuid4())


def _insert(keys: list[UUID]) -> Unit:
    async def work(transaction: Transaction) -> None:
        for key in keys:
            await transaction.execute(
                "insert into users (id, full_name, nickname) values (%(key)s, %(name)s, 'traffic')",
                key=key, name=str(key),
            )  # fmt: skip
            await transaction.execute(
                "insert into phone_hashes (phone_hash, user_id) values (%(hash)s, %(key)s)", hash=key.hex, key=key
            )

    return Unit(work, tuple(None for _ in keys), tuple((key, str(key)) for key in keys))


def _update(row: tuple[UUID, str], name: str) -> Unit:
    async def work(transaction: Transaction) -> None:
        await _one(
            transaction.execute("update users set full_name = %(name)s where id = %(key)s", key=row[0], name=name)
        )

    return Unit(work, (row,), ((row[0], name),))


def _delete(row: tuple[UUID, str]) -> Unit:
    async def work(transaction: Transaction) -> None:
        await _one(transaction.execute("delete from users where id = %(key)s", key=row[0]))

    return Unit(work, (row,), (None,))


def _change_key(row: tuple[UUID, str], key: UUID) -> Unit:
    async def work(transaction: Transaction) -> None:
        await transaction.execute("delete from phone_hashes where user_id = %(old)s", old=row[0])
        await _one(transaction.execute("update users set id = %(new)s where id = %(old)s", old=row[0], new=key))

    return Unit(work, (row,), ((key, row[1]),))


def _holds(found: Counter[Any], rows: Counter[tuple[UUID, str]]) -> bool:
    return all(found[row] >= number for row, number in rows.items())


async def _one(touched: Awaitable[int]) -> None:
    number = await touched
    assert number == 1, f"an acknowledged row was found {number} times"
