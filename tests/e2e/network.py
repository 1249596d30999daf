"""A network that can fail: a loopback proxy between a client and one server."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from cyphr.foundation.cancellation import end

Direction = Literal["there", "back"]

_BLOCK_BYTES = 64 * 1024
_RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)


class Network:
    """Carries connections to ``server_port()``. Whole until told otherwise; ``mend`` makes it whole again."""

    def __init__(self, server_port: Callable[[], int]) -> None:
        self._server_port = server_port
        self._port = 0
        self._down = False
        self._flowing: dict[Direction, asyncio.Event] = {"there": asyncio.Event(), "back": asyncio.Event()}
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.mend()

    @classmethod
    @asynccontextmanager
    async def to(cls, server_port: Callable[[], int]) -> AsyncIterator["Network"]:
        """Carry connections while the block runs."""
        network = cls(server_port)
        server = await asyncio.start_server(network._accept, "127.0.0.1", 0)
        network._port = server.sockets[0].getsockname()[1]
        try:
            yield network
        finally:
            server.close()
            await end(*network._tasks)
            await server.wait_closed()

    @property
    def port(self) -> int:
        """Where to connect instead of to the server."""
        return self._port

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._down = True
        for writer in self._writers:
            writer.close()

    def reset(self) -> None:
        """End every connection the hard way (RST). New ones are carried."""
        for writer in self._writers:
            _reset(writer)

    def stall(self, *directions: Direction) -> None:
        """Keep connections, but carry nothing in these directions."""
        for direction in directions:
            self._flowing[direction].clear()

    def mend(self) -> None:
        """Carry everything again."""
        self._down = False
        for flowing in self._flowing.values():
            flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._down:
            _reset(writer)
            return
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port())
            await self._carry((reader, writer), (far_reader, far_writer))
        writer.close()

    async def _carry(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._writers |= {near[1], far[1]}
        pumps = [
            asyncio.create_task(self._pump(near[0], far[1], "there")),
            asyncio.create_task(self._pump(far[0], near[1], "back")),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers -= {near[1], far[1]}
            near[1].close()
            far[1].close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction) -> None:
        while block := await reader.read(_BLOCK_BYTES):
            await self._flowing[direction].wait()
            writer.write(block)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WHEN_CLOSED)
    writer.transport.abort()
