"""uvicorn's WebSocket, which a conversation can take over.

The handshake and the hello pass through ASGI like everything else. From then on a frame costs what it says and no more:
what comes is handed over where it was read, and what goes is written where it is known, without a queue, a task or a
wake-up in between; and whoever is connected and says nothing has no task at all (decision 73).
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # written in C where it can be
from websockets.http11 import Request
from websockets.protocol import State
from websockets.streams import StreamReader

from cyphr.messenger.messages.postman import encode
from cyphr.messenger.realtime.connections import Disconnected
from cyphr.messenger.realtime.models import LARGEST_FRAME
from cyphr.messenger.realtime.service import EXTENSION

_WHOLE_TEXT = 0x81
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_BETWEEN_FRAMES = StreamReader.at_eof.__code__
_NOT_UTF8 = 1007
_LINGER_SECONDS = 5.0
_FAREWELL_SECONDS = 20.0
"""So long a client that takes nothing is waited for until its connection is cut."""


@dataclass(frozen=True, slots=True)
class Conversing:
    """Who took a socket over. Nothing of it may raise."""

    take: Callable[[str | bytes], None]
    """Called with each frame."""
    go_on: Callable[[], None]
    """Called when the socket takes more again."""
    leave: Callable[[], Coroutine[Any, Any, None]]
    """Awaited once, when the connection is gone. A server that stops waits for it."""
    context: Context
    """Where they are called: what the edge knows of the request stays known."""


@lru_cache(maxsize=16)
def text_frame(text: str) -> bytes:
    """A text message as the bytes of one frame (RFC 6455, 5.2). What goes to many is made once."""
    data = text.encode()
    size = len(data)
    if size < _TWO_BYTES:
        return bytes((_WHOLE_TEXT, size)) + data
    if size < 1 << 16:
        return bytes((_WHOLE_TEXT, _TWO_BYTES)) + size.to_bytes(2) + data
    return bytes((_WHOLE_TEXT, _EIGHT_BYTES)) + size.to_bytes(8) + data


class RealtimeProtocol(WebSocketsSansIOProtocol):
    """One WebSocket of this server."""

    takes_more = True
    """Whether a client that reads is at the other end, as far as can be told."""

    _conversing: Conversing | None = None
    _unsent: list[bytes] | None = None
    _flushed_next: ClassVar[dict[AbstractEventLoop, list["RealtimeProtocol"]]] = {}
    """Who has something to send at the end of this moment. What goes to hundreds takes one call of the loop's."""

    def take_over(
        self,
        take: Callable[[str | bytes], None],
        go_on: Callable[[], None],
        leave: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """From now on frames go to ``take``, first those that have come already; see ``Conversing``."""
        self._conversing = Conversing(take, go_on, leave, copy_context())
        while not self.queue.empty():
            message = self.queue.get_nowait()
            if message["type"] == "websocket.receive":
                take(_data_of(message))
        if self.disconnected:
            self._let_go()
        elif self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    async def next_frame(self) -> str | bytes:
        """What the client says next; not once the socket is taken over. Raises Disconnected."""
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        return _data_of(message)

    def write_text(self, text: str) -> None:
        """Send a text message, with all others of this moment. What the network does not take waits in memory;
        ``takes_more`` tells.
        """
        if self._unsent is not None:
            self._unsent.append(text_frame(text))
            return
        self._unsent = [text_frame(text)]
        others = self._flushed_next.get(self.loop)
        if others is None:
            self._flushed_next[self.loop] = [self]
            self.loop.call_soon(_flush_all, self.loop)
        else:
            others.append(self)

    def flush(self) -> None:
        """Send what was written, without waiting for what else this moment brings."""
        unsent, self._unsent = self._unsent, None
        if unsent is not None and not self._is_gone:
            self.transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    async def send_text(self, text: str) -> None:
        """Send a text message once the client takes more. Raises Disconnected."""
        await self.writable.wait()
        if self._is_gone:
            raise Disconnected
        self.write_text(text)

    def end(self, code: int) -> None:
        """Say ``bye`` and close. A client that takes nothing any more is cut off after a while."""
        if self._is_gone:
            return
        self.write_text(encode("bye", d={"code": code}))
        self.flush()
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._await_close(_FAREWELL_SECONDS)

    def _await_close(self, seconds: float) -> None:
        self.close_sent = True
        self.takes_more = False
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)

    @property
    def _is_gone(self) -> bool:
        """Whether nothing that is written from now on will arrive."""
        return self.close_sent or self.disconnected or self.transport.is_closing()

    # What uvicorn calls.

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def run_asgi(self) -> None:
        # Unlike uvicorn's, a connection that was taken over outlives the application's call.
        failed = False
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            failed = True
        if self._conversing is None or failed:
            self.send_500_response()
            if self.close_timer is None:
                self.transport.close()
        else:
            del self.scope, self.request, self.response

    def send_receive_event_to_app(self) -> None:
        if self._conversing is None:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        try:
            said = data.decode() if self.curr_msg_data_type == "text" else data
        except UnicodeDecodeError:
            self.conn.send_close(_NOT_UTF8)
            self.handle_parser_exception()
            return
        self._conversing.context.run(self._conversing.take, said)

    def data_received(self, data: bytes) -> None:
        if self.conn.parser_exc is not None:
            return
        if self._conversing is not None:
            data = data[self._take_whole(data, self._conversing) :]
        if data:
            super().data_received(data)

    def _take_whole(self, data: bytes, conversing: Conversing) -> int:
        """Take the text messages with which ``data`` begins, as long as each is there whole and in one frame; how many
        bytes these were. All else is left to the library, which takes its time for each frame.
        """
        taken = 0
        while self._begins_a_message and not self.close_sent:
            frame = data[taken : taken + 4]
            if len(frame) < 4 or frame[0] != _WHOLE_TEXT:
                break
            size, begin = frame[1] - _MASKED, taken + 6
            if size == _TWO_BYTES:
                size, begin = int.from_bytes(frame[2:4]), taken + 8
            if not 0 <= size <= LARGEST_FRAME or begin + size > len(data) or frame[1] == _MASKED + _EIGHT_BYTES:
                break
            try:
                said = apply_mask(data[begin : begin + size], data[begin - 4 : begin]).decode()
            except UnicodeDecodeError:
                break
            taken = begin + size
            conversing.context.run(conversing.take, said)
        return taken

    @property
    def _begins_a_message(self) -> bool:
        """Whether the library has all of what came before. Its reader is a generator, which stands where it waits."""
        if self.conn.state is not State.OPEN or self.conn.current_size is not None:
            return False
        step: Any = self.conn.parser
        while step.gi_yieldfrom is not None:
            step = step.gi_yieldfrom
        return step.gi_code is _BETWEEN_FRAMES

    def handle_parser_exception(self) -> None:
        # Unlike uvicorn's, it reads on: closed at once with something unread, the system would send a reset, and that
        # may overtake the frame which says why.
        if self._conversing is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self.flush()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._await_close(_LINGER_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.takes_more = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.takes_more = not self._is_gone
        if self._conversing is not None:
            self._conversing.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.takes_more = False
        self._let_go()

    def _let_go(self) -> None:
        if self._conversing is None:
            return
        conversing, self._conversing = self._conversing, None
        task = self.loop.create_task(conversing.leave(), context=conversing.context)
        self.tasks.add(task)
        task.add_done_callback(self.on_task_complete)


def _data_of(message: Any) -> str | bytes:
    """What an ASGI event ``websocket.receive`` brings."""
    data: str | bytes | None = message.get("text")
    return data if data is not None else message.get("bytes") or b""


def _flush_all(loop: AbstractEventLoop) -> None:
    for protocol in RealtimeProtocol._flushed_next.pop(loop):
        protocol.flush()
