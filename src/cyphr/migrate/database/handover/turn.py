"""The turn of the stream: what following and a handover tell each other."""

import asyncio

from cyphr.migrate.database.streams import Stream


class Turn:
    """Shared by the two, in one event loop."""

    def __init__(self) -> None:
        self.end_epoch: int | None = None
        """Following stops at the mark of this epoch's fence; None: it goes on."""
        self.reverse: Stream | None = None
        """The stream of the way back, whose slot must be kept although nobody reads it yet."""
        self._ended = asyncio.Event()
        self._go_on = asyncio.Event()

    def end_at(self, epoch: int) -> None:
        """Let following stop at the mark of ``epoch``."""
        # New events each time: a mark that was met after its handover had been called off must not count for the next.
        self.end_epoch, self._ended, self._go_on = epoch, asyncio.Event(), asyncio.Event()

    async def wait_for_end(self) -> None:
        """Wait until everything before the mark is applied."""
        await self._ended.wait()

    def go_on(self) -> None:
        """Let following look anew at who has the authority."""
        self.end_epoch = self.reverse = None
        self._go_on.set()

    async def rest_at(self, epoch: int | None) -> None:
        """Following has met the mark of ``epoch``: say so, and wait until it may go on."""
        if epoch is None or epoch != self.end_epoch:
            return  # it was called off meanwhile
        self._ended.set()
        await self._go_on.wait()
