"""Writers who go on through handovers at a steady rate, and an account of what was promised to them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from bench.servers import Server
from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Database, Side, Transaction, connect
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard

_queries = load_queries("bench")


@dataclass(frozen=True)
class Write:
    """One unit of work: when it was due and when it was acknowledged (seconds on the monotonic clock)."""

    due: float
    done: float

    @property
    def milliseconds(self) -> float:
        return (self.done - self.due) * 1000


@dataclass
class Writers:
    """``count`` writers, together ``rate`` units of work a second; each inserts a row and counts it."""

    switchboard: Switchboard
    count: int
    rate: float
    writes: list[Write] = field(default_factory=list)
    tokens: list[tuple[int, UUID]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def at_work(cls, source: Server, target: Server, *, count: int, rate: float) -> AsyncIterator["Writers"]:
        """Write until the block ends, then finish what is under way. Both sides must have their switchboards."""
        places = {Side.SUPABASE: source, Side.AWS: target}
        databases = {side: Database(side, place.database, pool_size=count) for side, place in places.items()}
        writers = cls(Switchboard(databases), count, rate)
        await writers.switchboard.open()
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(writers._work(number, stopping)) for number in range(count)]
        try:
            yield writers
        finally:
            stopping.set()
            await asyncio.gather(*tasks)
            await writers.switchboard.close()

    def waits_between(self, start: float, end: float) -> list[float]:
        """Milliseconds of every write that was under way at some moment from ``start`` to ``end``."""
        return [write.milliseconds for write in self.writes if write.done >= start and write.due <= end]

    async def lost_and_doubled(self, server: Server) -> tuple[int, int]:
        """How many acknowledged writes this server does not have, and how many it has too often."""
        async with await connect(server.database) as connection:
            rows = await (await connection.execute(_queries.tokens)).fetchall()
            counts: dict[int, int] = dict(await (await connection.execute(_queries.counts)).fetchall())
        here = Counter(row[0] for row in rows)
        expected = Counter(token for _, token in self.tokens)
        counted = Counter({writer: int(number) for writer, number in counts.items()})
        promised = Counter(writer for writer, _ in self.tokens)
        lost = (expected - here).total() + (promised - counted).total()
        return lost, (here - expected).total() + (counted - promised).total()

    async def _work(self, writer: int, stopping: asyncio.Event) -> None:
        period = self.count / self.rate
        due = monotonic() + writer / self.rate
        while not stopping.is_set():
            await asyncio.sleep(max(0.0, due - monotonic()))
            await self._write(writer, due)
            due = max(due + period, monotonic())  # who was held up does not owe what he could not write meanwhile

    async def _write(self, writer: int, due: float) -> None:
        token = uuid4()

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.write_row, token=token, writer=writer)
            await transaction.execute(_queries.count_write, writer=writer)

        try:
            await self.switchboard.unit_of_work(None, work)
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            return
        self.writes.append(Write(due, monotonic()))
        self.tokens.append((writer, token))
