"""Messages that disappear: the sweep that empties what has expired."""

import asyncio
import logging

from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

_BATCH = 500
_PAUSE_SECONDS = 30.0


class Expiry:
    """Nobody reads what has expired, whether it was swept or not. The sweep only takes it off the disk."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def sweep(self) -> int:
        """Empty everything that has expired; how many messages. Several servers may do so at once."""

        async def work(transaction: Transaction) -> int:
            swept: int = await transaction.fetch_value(_queries.sweep_expired, limit=_BATCH)
            return swept

        total = 0
        while swept := await self._switchboard.unit_of_work(None, work):
            total += swept
        return total

    async def sweep_for_ever(self) -> None:
        """Sweep every half minute until cancelled. What goes wrong is logged and tried again."""
        while True:
            try:
                swept = await self.sweep()
                if swept:
                    _logger.info("expired messages were emptied", extra={"context": {"messages": swept}})
            except Exception as error:
                _logger.error("expired messages could not be emptied", exc_info=error)
            await asyncio.sleep(_PAUSE_SECONDS)
