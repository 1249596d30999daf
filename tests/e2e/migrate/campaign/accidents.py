"""Everything that can go wrong around a migration: who dies, which network fails, and how it comes back."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.process import ended
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from tests.e2e.migrate.campaign.migrator import SupervisedMigrator
from tests.e2e.migrate.campaign.writers import Failure
from tests.e2e.network import Network

_SERVER_DEATHS = {"killed": signal.SIGKILL, "stopped at once": signal.SIGQUIT, "restarted": signal.SIGINT}
_DEATH_SECONDS = 60.0


@dataclass
class Outages:
    """When a server was away (seconds on the monotonic clock)."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    _since: float | None = None

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        self._since = monotonic()
        try:
            yield
        finally:
            self.spans.append((self._since, monotonic()))
            self._since = None

    def inexcusable(self, failures: Sequence[Failure]) -> list[str]:
        """Failures that no server's absence explains: others than Unavailable, or at another time."""
        return [
            f"a writer failed: {type(failure.error).__name__}: {failure.error}"
            for failure in failures
            if not isinstance(failure.error, Unavailable)
            or not any(failure.began <= end and start <= failure.ended for start, end in self.spans)
        ]


class Accidents:
    """Lets them happen, one at a time."""

    def __init__(
        self,
        clusters: Mapping[Side, PostgresCluster],
        networks: Mapping[Side, Network],
        migrator: SupervisedMigrator,
        dice: random.Random,
    ) -> None:
        self._clusters = clusters
        self._networks = networks
        self._migrator = migrator
        self._dice = dice
        self.outages = Outages()

    async def one(self) -> str:
        """Let one happen, and mend what does not mend itself; what it was."""
        kind = self._dice.choice((self._kill_migrator, self._kill_server, self._break_network))
        return await kind()

    async def _kill_migrator(self) -> str:
        self._migrator.kill()
        return "the migrator was killed"

    async def _kill_server(self) -> str:
        side = self._dice.choice(list(Side))
        name, number = self._dice.choice(list(_SERVER_DEATHS.items()))
        cluster = self._clusters[side]
        async with self.outages.one():
            process = cluster.process
            os.kill(process.pid, number)
            assert await ended(process, _DEATH_SECONDS)
            await asyncio.sleep(self._dice.uniform(0, 0.5))
            await cluster.start()
        return f"the server of {side} was {name}"

    async def _break_network(self) -> str:
        side = self._dice.choice(list(Side))
        network = self._networks[side]
        ways: dict[str, Callable[[], None]] = {
            "cut": network.cut,
            "reset": network.reset,
            "stalled": lambda: network.stall("there", "back"),
            "stalled on the way there": lambda: network.stall("there"),
            "stalled on the way back": lambda: network.stall("back"),
        }
        name = self._dice.choice(list(ways))
        ways[name]()
        seconds = self._dice.uniform(0.1, 2.0)
        await asyncio.sleep(seconds)
        network.mend()
        return f"the network to {side} was {name} for {seconds:.1f} s"
