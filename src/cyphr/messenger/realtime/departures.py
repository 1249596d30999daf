"""Closing sockets whose session was ended elsewhere: by another server, or by the operator on the command line."""

import asyncio
import logging
from uuid import UUID

from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, Connection, Connections
from cyphr.messenger.realtime.delivery import Delivery
from cyphr.messenger.sessions.service import Sessions

_logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 15.0
_AT_ONCE = 1000
_LATELY_SECONDS = 180.0
"""Longer than three rounds of the slowest that looks, the clock of functions: one that failed is made up for."""


class Departures:
    """Asks the database from time to time which sessions have ended, of this process's connections and elsewhere."""

    def __init__(self, sessions: Sessions, connections: Connections, delivery: Delivery | None) -> None:
        """``delivery``: reaches the connections of API Gateway, which no process holds; None: there are none."""
        self._sessions = sessions
        self._connections = connections
        self._delivery = delivery

    async def sweep(self) -> int:
        """Close what has ended; how many connections. Raises Unavailable."""
        return await self._sweep_here() + await self._sweep_elsewhere()

    async def _sweep_elsewhere(self) -> int:
        if self._delivery is None:
            return 0
        ended = {one.id: one.user_id for one in await self._sessions.ended_lately(_LATELY_SECONDS)}
        return await self._delivery.end_sessions(ended, NOT_AUTHENTICATED) if ended else 0

    async def _sweep_here(self) -> int:
        held: dict[UUID, list[Connection]] = {}
        for connection in self._connections.all():
            held.setdefault(connection.identity.session_id, []).append(connection)
        closed, ids = 0, list(held)
        for start in range(0, len(ids), _AT_ONCE):
            for session_id in await self._sessions.which_ended(ids[start : start + _AT_ONCE]):
                for connection in held[session_id]:
                    connection.end(NOT_AUTHENTICATED)
                    closed += 1
        return closed

    async def sweep_for_ever(self) -> None:
        """Sweep every quarter of a minute until cancelled. What goes wrong is logged and tried again."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self.sweep()
            except Exception as error:
                _logger.error("ended sessions could not be looked for", exc_info=error)
