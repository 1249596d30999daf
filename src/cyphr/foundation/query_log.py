"""How long queries take: counted for all, told with their plan for the slow ones."""

import logging
import re
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.queries import name_of

_logger = logging.getLogger(__name__)

_SAME_AGAIN_SECONDS = 60.0
_PARAMETER = re.compile(r"%\((\w+)\)[stb]")


class QueryLog:
    """Told of every query of a pool.

    A query is named as in its ``.sql`` file, never with its parameters: they are people's messages.
    """

    def __init__(self, metrics: Metrics, slow_seconds: float) -> None:
        self._metrics = metrics
        self._slow_seconds = slow_seconds
        self._told: dict[str, float] = {}

    async def note(
        self, connection: AsyncConnection, query: LiteralString, parameters: dict[str, Any], seconds: float
    ) -> None:
        """``query`` took ``seconds`` in the transaction that ``connection`` is in."""
        self._metrics.time("QueryMilliseconds", seconds * 1000)
        if seconds < self._slow_seconds:
            return
        self._metrics.count("SlowQueries")
        name = name_of(query)
        now = monotonic()
        if self._told.get(name, -_SAME_AGAIN_SECONDS) + _SAME_AGAIN_SECONDS > now:
            return
        self._told[name] = now
        context = {"query": name, "milliseconds": round(seconds * 1000, 1)}
        _logger.warning(
            "a query was slow", extra={"context": context | {"plan": await _plan(connection, query, list(parameters))}}
        )


async def _plan(connection: AsyncConnection, query: LiteralString, parameters: list[str]) -> list[str]:
    """How the server would run it whatever its ``parameters``. It is not run.

    Empty where it cannot be explained: before PostgreSQL 16, or where a parameter's type cannot be told without it.
    """
    # Numbered and not bound: the server shows a value that is bound, and those are people's messages.
    numbered = _PARAMETER.sub(lambda found: f"${parameters.index(found[1]) + 1}", query).replace("%%", "%")
    try:
        async with connection.transaction():  # a savepoint: what cannot be explained must not end the work
            cursor = await connection.execute(f"explain (generic_plan) {numbered}".encode())
            return [str(row[0]) for row in await cursor.fetchall()]
    except psycopg.Error:
        return []
