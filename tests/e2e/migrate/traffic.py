"""Writers that go on through a handover, the way the messenger does, and remember what was acknowledged."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Database, Side, Transaction
from cyphr.foundation.switchboard import Switchboard
from tests.conftest import TestSide

_WRITERS = 6


class Traffic:
    """Several writers, each with units of work of every kind, through the switchboard, as the tables' owner."""

    def __init__(self, sides: dict[Side, TestSide], *, writers: int = _WRITERS, pause: float = 0.01) -> None:
        self._switchboard = Switchboard({side: Database(side, sides[side].owner) for side in Side})
        self._writers = writers
        self._pause = pause
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self.present: dict[UUID, str] = {}
        self.failures: list[BaseException] = []
        self.units = 0

    async def __aenter__(self) -> "Traffic":
        await self._switchboard.open()
        self._tasks = [asyncio.create_task(self._write(random.Random(seed))) for seed in range(self._writers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._switchboard.close()

    async def stop(self) -> None:
        """Let every writer finish its unit of work."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def lost_or_doubled(self, connection: AsyncConnection) -> tuple[list[UUID], list[UUID]]:
        """What was acknowledged and is not in this database, and what is there more than once or unasked."""
        cursor = await connection.execute("select id, full_name from users where nickname = 'traffic'")
        rows: Counter[tuple[Any, Any]] = Counter((row[0], row[1]) for row in await cursor.fetchall())
        expected = Counter(self.present.items())
        return [key for key, _ in expected - rows], [key for key, _ in rows - expected]

    async def _write(self, dice: random.Random) -> None:
        mine: list[UUID] = []
        while not self._stopping:
            try:
                await self._unit(dice, mine)
                self.units += 1
            except Exception as error:
                self.failures.append(error)
            await asyncio.sleep(dice.expovariate(1 / self._pause))

    async def _unit(self, dice: random.Random, mine: list[UUID]) -> None:
        kind = dice.random()
        if kind < 0.5 or len(mine) < 3:
            new = [uuid4() for _ in range(dice.randint(1, 4))]

            async def insert(transaction: Transaction) -> None:
                for key in new:
                    await transaction.execute(
                        "insert into users (id, full_name, nickname) values (%(key)s, %(name)s, 'traffic')",
                        key=key, name=str(key),
                    )  # fmt: skip
                    await transaction.execute(
                        "insert into phone_hashes (phone_hash, user_id) values (%(hash)s, %(key)s)",
                        hash=key.hex, key=key,
                    )  # fmt: skip

            await self._switchboard.unit_of_work(None, insert)
            self.present |= {key: str(key) for key in new}
            mine += new
        elif kind < 0.75:
            key, name = dice.choice(mine), f"changed {dice.random()}"

            async def update(transaction: Transaction) -> int:
                return await transaction.execute(
                    "update users set full_name = %(name)s where id = %(key)s", key=key, name=name
                )

            assert await self._switchboard.unit_of_work(None, update) == 1
            self.present[key] = name
        elif kind < 0.9:
            key = mine.pop(dice.randrange(len(mine)))

            async def delete(transaction: Transaction) -> int:
                return await transaction.execute("delete from users where id = %(key)s", key=key)

            assert await self._switchboard.unit_of_work(None, delete) == 1
            del self.present[key]
        else:
            position = dice.randrange(len(mine))
            old, new_key = mine[position], uuid4()

            async def change_key(transaction: Transaction) -> int:
                await transaction.execute("delete from phone_hashes where user_id = %(old)s", old=old)
                return await transaction.execute(
                    "update users set id = %(new)s where id = %(old)s", old=old, new=new_key
                )

            assert await self._switchboard.unit_of_work(None, change_key) == 1
            self.present[new_key] = self.present.pop(old)
            mine[position] = new_key


async def count_rows(connection: AsyncConnection, table: str) -> int:
    cursor = await connection.execute(f"select count(*) from {table}")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def changed(connection: AsyncConnection, statement: str) -> bool:
    """Run a statement; whether it touched any row."""
    return (await connection.execute(statement)).rowcount > 0


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait for a condition; TimeoutError when it does not come."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)
