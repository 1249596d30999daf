"""Numbers about this process, logged in CloudWatch's embedded metric format, from which CloudWatch makes metrics.

On one machine they are lines of the log like any other. The format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from cyphr.foundation.clock import now

_logger = logging.getLogger(__name__)

_NAMESPACE = "Cyphr"
_MOST_VALUES = 100  # of one metric in one line, says the format
_PERIOD_SECONDS = 60.0


class Metrics:
    """Counts, durations and levels, from one ``flush`` to the next."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._milliseconds: defaultdict[str, list[float]] = defaultdict(list)
        self._seen: Counter[str] = Counter()
        self._levels: list[Callable[[], Mapping[str, float]]] = []

    def count(self, name: str, amount: int = 1) -> None:
        """Something happened ``amount`` times."""
        self._counts[name] += amount

    def time(self, name: str, milliseconds: float) -> None:
        """Something took so long. Of very many, a fair sample is kept."""
        self._seen[name] += 1
        kept = self._milliseconds[name]
        if len(kept) < _MOST_VALUES:
            kept.append(milliseconds)
        elif (place := random.randrange(self._seen[name])) < _MOST_VALUES:  # noqa: S311 - Vitter's algorithm R
            kept[place] = milliseconds

    def watch(self, levels: Callable[[], Mapping[str, float]]) -> None:
        """Ask ``levels`` (name → number) at each flush."""
        self._levels.append(levels)

    def flush(self) -> None:
        """Log what gathered as one line, and begin anew. Nothing gathered: no line."""
        levels = {name: number for ask in self._levels for name, number in ask().items()}
        metrics = [
            *({"Name": name, "Unit": "Count"} for name in (*self._counts, *levels)),
            *({"Name": name, "Unit": "Milliseconds"} for name in self._milliseconds),
        ]
        if not metrics:
            return
        directive = {"Namespace": _NAMESPACE, "Dimensions": [[]], "Metrics": metrics}
        line: dict[str, Any] = {
            "_aws": {"Timestamp": int(now().timestamp() * 1000), "CloudWatchMetrics": [directive]},
            **self._counts,
            **levels,
            **self._milliseconds,
        }
        self._counts, self._seen = Counter(), Counter()
        self._milliseconds = defaultdict(list)
        _logger.info("metrics", extra={"context": line})

    async def flush_for_ever(self) -> None:
        """Flush once a minute, until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            self.flush()
