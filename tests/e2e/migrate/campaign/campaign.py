"""One campaign: a migration under traffic, accidents at random moments, moves to and fro in between."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from cyphr.embedded.process import last_lines
from cyphr.foundation.cancellation import end
from cyphr.foundation.errors import HandoverRefused, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal
from tests.conftest import Server, TestSide
from tests.e2e.migrate.campaign.accidents import Accidents
from tests.e2e.migrate.campaign.migrator import SupervisedMigrator
from tests.e2e.migrate.campaign.writers import Writers
from tests.e2e.network import Network

_WRITERS = 6
_STANDSTILL_SECONDS = 60.0
_SETTLING_SECONDS = 300.0
_ROWS_BEFORE = 20_000


async def campaign(
    servers: Mapping[Side, Server], seed: int, accidents: int, folder: Path, say: Callable[[str], None]
) -> list[str]:
    """Run one; everything that went wrong. ``seed``: of every choice (the machine's own timing is not in it)."""
    dice = random.Random(seed)
    async with AsyncExitStack() as stack:
        sides = {
            Side.SUPABASE: await stack.enter_async_context(
                servers[Side.SUPABASE].database(servers[Side.SUPABASE].full)
            ),
            Side.AWS: await stack.enter_async_context(servers[Side.AWS].database(servers[Side.AWS].bare)),
        }
        await _fill(sides[Side.SUPABASE])
        clusters = {side: servers[side].cluster for side in Side}
        networks = {}
        for side in Side:
            networks[side] = await stack.enter_async_context(Network.to(lambda side=side: clusters[side].port))
        reached = {side: sides[side].owner.model_copy(update={"port": networks[side].port}) for side in Side}
        journal = await stack.enter_async_context(Journal.open(sides[Side.AWS].owner))
        writers = Writers(sides, dice, count=_WRITERS)
        async with SupervisedMigrator.running(reached, folder) as migrator:
            campaign = _Campaign(Accidents(clusters, networks, migrator, dice), journal, migrator, dice, say)
            async with writers.at_work():
                await campaign.run(accidents)
            await campaign.settle()
        wrongs = campaign.wrongs + campaign.accidents.outages.inexcusable(writers.failures)
        for side in Side:
            async with await connect(sides[side].owner) as connection:
                wrongs += [f"on {side}, {wrong}" for wrong in await writers.wrongs(connection)]
    say(f"{writers.units} units of work, {len(writers.failures)} with unknown outcome, {campaign.moves} moves")
    return wrongs


class _Campaign:
    """What happens while writers write."""

    def __init__(
        self,
        accidents: Accidents,
        journal: Journal,
        migrator: SupervisedMigrator,
        dice: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self.accidents = accidents
        self._journal = journal
        self._migrator = migrator
        self._dice = dice
        self._say = say
        self._requests: list[int] = []
        self.moves = 0
        self.wrongs: list[str] = []

    async def run(self, accidents: int) -> None:
        """Let ``accidents`` happen; between some of them everything must come to rest, equal on both sides."""
        for number in range(accidents):
            await asyncio.sleep(self._dice.uniform(0, 0.8))
            if self._dice.random() < 0.5:
                action = self._dice.choice(["handover", "handback"])
                self._requests.append(await self._journal.add_request(action, "database"))
                self._say(f"a {action} was asked for")
                await asyncio.sleep(self._dice.uniform(0, 0.4))  # so that the next accident meets it under way
            self._say(f"{number + 1}: {await self.accidents.one()}")
            if self._dice.random() < 0.15:
                await self.settle()

    async def settle(self) -> None:
        """With nothing broken any more, every request is answered and both sides are equal."""
        try:
            async with asyncio.timeout(_STANDSTILL_SECONDS) as limit, self._given_time(limit):
                await self._answered()
                differences = await self._verified()
                self.wrongs += [f"verification: {line}" for line in differences]
        except TimeoutError as error:
            lines = [f"{event.at:%T.%f} {event.event} {event.detail}" for event in await self._journal.events()]
            events = "\n".join(lines)
            self._migrator.show_tasks()
            await asyncio.sleep(1)
            raise AssertionError(
                f"the migration stood still for {_STANDSTILL_SECONDS:.0f} s\n{events[-3000:]}\n"
                f"{last_lines(self._migrator.log, 120)}"
            ) from error

    @asynccontextmanager
    async def _given_time(self, limit: asyncio.Timeout) -> AsyncIterator[None]:
        """Put the limit off as long as the migration goes on: a busy machine needs a minute for the copying alone."""
        loop = asyncio.get_running_loop()
        at_most = loop.time() + _SETTLING_SECONDS

        async def watch() -> None:
            seen = 0
            while True:
                if (count := len(await self._journal.events())) > seen:
                    seen = count
                    limit.reschedule(min(at_most, loop.time() + _STANDSTILL_SECONDS))
                await asyncio.sleep(1)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            await end(watching)

    async def _answered(self) -> None:
        for number in self._requests:
            while (request := await self._journal.request(number)).outcome is None:
                await asyncio.sleep(0.05)
            self.moves += request.outcome == "done" and "already" not in (request.detail or {})
            self._say(f"the {request.action} ended: {request.outcome} {(request.detail or {}).get('message', '')}")
        self._requests.clear()

    async def _verified(self) -> list[str]:
        while True:
            try:
                found = await ask(self._journal, "verify", "database")
            except (Unavailable, HandoverRefused) as error:
                self._say(f"verify: {error}")
                await asyncio.sleep(0.5)
                continue
            return list(found["differences"])


async def _fill(side: TestSide) -> None:
    """Rows to copy, so that accidents can meet the copying."""
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into waitlist (email, referrer) select n || '@example.org', repeat(md5(n::text), 8)"
            f" from generate_series(1, {_ROWS_BEFORE}) n"
        )
