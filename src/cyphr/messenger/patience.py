"""How long a client may take to say what it wants: uvicorn itself waits for ever for the rest of a request."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, closed when a request is not all there in time: the first from connecting on, and each later."""

    REQUEST_SECONDS: ClassVar[float] = 30.0
    """From its first byte to its last: 2 MB of body at 70 kB/s."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_request()

    def on_message_complete(self) -> None:
        self._be_content()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._be_content()  # from here on, whoever serves the socket has deadlines of its own
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_content()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.REQUEST_SECONDS, self.transport.abort)

    def _be_content(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
