"""How long queries take: counted for all, told with their plan for the slow ones."""

import logging
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.queries import name_of

_logger = logging.getLogger(__name__)

_SAME_AGAIN_SECONDS = 60.0


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
            "a query was slow", extra={"context": context | {"plan": await _plan(connection, query, parameters)}}
        )


async def _plan(connection: AsyncConnection, query: LiteralString, parameters: dict[str, Any]) -> list[str]:
    """How the server would run it whatever its parameters, so that none is told. It is not run.

    Empty where it cannot be explained: before PostgreSQL 16.
    """
    try:
        async with connection.transaction():  # a savepoint: what cannot be explained must not end the work
            cursor = await connection.execute("explain (generic_plan) " + query, parameters)
            return [str(row[0]) for row in await cursor.fetchall()]
    except psycopg.Error:
        return []
