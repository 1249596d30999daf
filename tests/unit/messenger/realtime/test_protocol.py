"""Frames arrive as the network cuts them."""

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from cyphr.messenger.realtime.models import LARGEST_FRAME
from cyphr.messenger.realtime.protocol import RealtimeProtocol, text_frame
from cyphr.messenger.realtime.service import EXTENSION

_UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class _Wire(asyncio.Transport):
    """What the protocol writes."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.writes = 0
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)
        self.writes += 1

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True


class _Server:
    """One connection, greeted and taken over."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.wire = _Wire()

    async def begin(self) -> RealtimeProtocol:
        taken = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            scope["extensions"][EXTENSION].take_over(self.heard.append, lambda: None, self._leave)
            taken.set()

        config = Config(app, log_config=None, ws_max_size=LARGEST_FRAME, ws_ping_interval=None)
        config.load()
        protocol = RealtimeProtocol(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(self.wire)
        protocol.data_received(_UPGRADE)
        async with asyncio.timeout(10):
            await taken.wait()
        self.wire.written, self.wire.writes = b"", 0
        return protocol

    async def _leave(self) -> None: ...


def _said(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


async def test_what_is_said_is_heard_wherever_the_network_cuts_it() -> None:
    long = ("я" * 300).encode()
    stream = (
        _said(b"one")
        + _said(b"")
        + _said(long)
        + _said(b"are you there", Opcode.PING)
        + _said(b"in ", fin=False)
        + _said(b"again", Opcode.PING)
        + _said(b"parts", Opcode.CONT)
        + _said(b"two")
    )
    for at in range(len(stream) + 1):
        server = _Server()
        protocol = await server.begin()
        protocol.data_received(stream[:at])
        protocol.data_received(stream[at:])
        assert server.heard == ["one", "", long.decode(), "in parts", "two"], at
        assert server.wire.written.count(b"are you there") == server.wire.written.count(b"again") == 1
    server = _Server()
    protocol = await server.begin()
    for at in range(len(stream)):
        protocol.data_received(stream[at : at + 1])
    assert server.heard == ["one", "", long.decode(), "in parts", "two"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (_said(b"\xff"), 1007),
        (_said(b"x" * (LARGEST_FRAME + 1)), 1009),
        (text_frame("without a mask"), 1002),
        (b"\xf1\x80\x00\x00\x00\x00", 1002),
    ],
    ids=["not UTF-8", "too large", "not masked", "reserved bits"],
)
async def test_nothing_is_heard_after_a_frame_that_breaks_the_rules(bad: bytes, code: int) -> None:
    server = _Server()
    protocol = await server.begin()
    protocol.data_received(_said(b"one") + bad + _said(b"two"))
    protocol.data_received(_said(b"three"))
    assert server.heard == ["one"]
    assert code.to_bytes(2) in server.wire.written


async def test_nothing_is_heard_after_the_client_has_said_goodbye() -> None:
    server = _Server()
    protocol = await server.begin()
    protocol.data_received(_said(b"one") + _said((1000).to_bytes(2), Opcode.CLOSE) + _said(b"two"))
    assert server.heard == ["one"]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_text_is_framed_as_the_protocol_says(size: int) -> None:
    assert text_frame("x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


async def test_everything_of_one_moment_is_written_together_or_at_once_where_that_is_asked_for() -> None:
    for is_asked in (False, True):
        server = _Server()
        protocol = await server.begin()
        protocol.write_text("one")
        protocol.write_text("two")
        if is_asked:
            protocol.flush()
        assert server.wire.writes == int(is_asked)
        await asyncio.sleep(0)
        assert (server.wire.writes, server.wire.written) == (1, text_frame("one") + text_frame("two"))
