"""One canary's connection to one side: says hello, sends, and remembers what arrived."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.ids import uuid7

_HELLO_SECONDS = 10.0


class Canary:
    """Messages of one chat, by the wire protocol that every client speaks (docs/reference/events.md)."""

    def __init__(self, url: str, token: str, chat_id: str, after: int, mark: str) -> None:
        """``after``: the place in the chat up to which nothing is of interest. ``mark``: what the messages of interest
        begin with; others may talk in the chat meanwhile.
        """
        self._url = url
        self._token = token
        self._chat_id = chat_id
        self._head = after
        self._mark = mark
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._acks: dict[str, Mapping[str, Any]] = {}
        self.arrived: dict[int, tuple[str, float]] = {}
        """seq → what it says, and when (monotonic) it arrived."""
        self.out_of_order: list[int] = []
        """Places that arrived live after a later one of the same mark: never, as that was sent only afterwards."""

    @property
    def is_connected(self) -> bool:
        return self._listening is not None and not self._listening.done()

    async def open(self) -> None:
        """Connect, and be brought up to date. Raises Unavailable when this side does not let us in."""
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                self._socket = await connect(self._url, compression=None)
                body = {"token": self._token, "device": "canary", "heads": {self._chat_id: self._head}}
                await self._say("hello", d=body)
                while self._take(await self._socket.recv()) != "resume.done":
                    pass
        except (TimeoutError, OSError, WebSocketException) as error:
            await self.close()
            raise Unavailable(
                f"{self._url} did not bring a canary up to date: {error or 'no answer in time'}"
            ) from error
        self._listening = asyncio.create_task(self._listen(self._socket))

    async def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            await self._socket.close()
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)

    async def send(self, content: str, seconds: float) -> int:
        """Send a message, again until it is acknowledged; its place. Raises Unavailable after ``seconds``."""
        client_id = str(uuid7())
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            with contextlib.suppress(WebSocketException):
                await self._say("msg.send", id=client_id, chat=self._chat_id, d={"content": content})
            if await self._until(lambda: client_id in self._acks, min(2.0, deadline - monotonic())):
                seq = int(self._acks.pop(client_id)["seq"])
                self._keep(seq, content)
                return seq
            if not self.is_connected:
                break
        raise Unavailable(f"{self._url} acknowledged no message within {seconds:.0f} s")

    async def has(self, seq: int, seconds: float) -> bool:
        """Whether the message at ``seq`` arrives within ``seconds``."""
        return await self._until(lambda: seq in self.arrived, seconds)

    def forget_before(self, seq: int) -> None:
        """What was looked at need not be kept."""
        self.arrived = {place: what for place, what in self.arrived.items() if place >= seq}

    async def _until(self, what: Any, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not what():
                    self._changed.clear()
                    await self._changed.wait()
        return bool(what())

    async def _listen(self, socket: ClientConnection) -> None:
        with contextlib.suppress(WebSocketException):
            async for text in socket:
                self._take(text)
        self._changed.set()

    def _take(self, text: str | bytes) -> str:
        frame = json.loads(text)
        if frame["t"] == "msg" and frame["chat"] == self._chat_id:
            self._keep(frame["seq"], frame["d"]["message"]["content"])
        elif frame["t"] == "resume.page" and frame["chat"] == self._chat_id:
            for message in frame["d"]["messages"]:
                self._keep(message["seq"], message["content"])
        elif frame["t"] == "ack":
            self._acks[frame["id"]] = frame["d"]
        self._changed.set()
        return str(frame["t"])

    def _keep(self, seq: int, content: str) -> None:
        if not content.startswith(self._mark):  # two servers' events of one chat may cross
            return
        if seq < self._head and seq not in self.arrived:
            self.out_of_order.append(seq)
        self.arrived.setdefault(seq, (content, monotonic()))
        self._head = max(self._head, seq)

    async def _say(self, kind: str, **members: Any) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps({"v": 1, "t": kind, **members}))
