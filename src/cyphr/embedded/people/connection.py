"""One person's WebSocket: says hello, resumes by heads, sends again until acknowledged, survives every break, and goes
to another endpoint when it is told to.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from cyphr.embedded.people.record import Kind
from cyphr.embedded.people.requests import PATIENCE_SECONDS, RequestFailed
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.ids import uuid7

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0


class Owner(Protocol):
    """The person behind a connection."""

    name: str

    async def access_token(self) -> str: ...

    def heads(self) -> dict[str, int]: ...

    def on_event(self, frame: Mapping[str, Any]) -> None:
        """Something arrived that answers no request."""

    def on_resumed(self, heads: Mapping[str, int]) -> None:
        """The server says that everything up to ``heads`` was delivered."""


@dataclass
class _Pending:
    """A frame that awaits its acknowledgement."""

    frame: str
    kind: Kind
    answer: asyncio.Future[dict[str, Any]]
    started_at: float = 0.0
    started: float | None = None
    """When (monotonic) it left; None while it waits for a connection that the person itself broke."""

    def begin(self) -> None:
        if self.started is None:
            self.started_at, self.started = now().timestamp(), monotonic()


@dataclass
class Connection:
    """Connect with ``run`` (a task that lasts until ``close``); ask with ``request``."""

    url: str
    """Where to connect the next time; changed by ``reconnect``."""
    owner: Owner
    tally: Tally
    online: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while the connection is resumed."""
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _acks: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_away: bool = False
    """Whether the last socket was at another address than the first."""
    _first_url: str = field(init=False)
    _socket: ClientConnection | None = None
    _entering: ClientConnection | None = None
    """Being brought up to date."""
    _moving: asyncio.Task[None] | None = None
    _leaving: bool = False
    _provoked: bool = False
    _away_seconds: float = 0.0
    _absent: bool = True
    """From the person's own break (and before the first connection) until resumed: nobody waits for the server."""
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._first_url = self.url

    async def run(self) -> None:
        """Stay connected until ``close``. A break that the person did not provoke is a failure."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._leaving:
            self._provoked = False
            detail: str | None = "the server closed the connection"
            try:
                await self._converse()
            except (OSError, WebSocketException) as error:
                detail = f"{type(error).__name__}: {error}"
            except RequestFailed:
                detail = None  # the token could not be had: that failure is in the record already
            except (KeyError, TypeError, ValueError) as error:
                detail = f"a frame that the contract does not know: {error!r}"
            await self._stop_moving()
            pause = _FIRST_PAUSE_SECONDS if self.online.is_set() else min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self.online.clear()
            self._socket = None
            if self._provoked:
                pause = self._away_seconds
            elif detail is not None and not self._leaving:
                self.tally.failed(self.owner.name, "websocket", detail)
            if not self._leaving:
                await asyncio.sleep(pause)

    async def close(self) -> None:
        """Leave for good."""
        self._leaving = True
        await self._stop_moving()
        for socket in (self._socket, self._entering):
            if socket is not None:
                await socket.close()

    def abort(self, away_seconds: float = 0.0) -> None:
        """Break the connection without a word, as a dead spot does; ``run`` comes back after that and resumes."""
        sockets = [socket for socket in (self._socket, self._entering) if socket is not None]
        if not sockets:
            return
        self._provoked = True
        self._away_seconds = away_seconds
        self._absent = True
        for pending in self._pending.values():
            pending.started = None
        self.online.clear()
        for socket in sockets:
            socket.transport.abort()

    async def request(
        self, type_: str, chat_id: str, d: Mapping[str, Any], *, kind: Kind, id_: str | None = None, times: int = 1
    ) -> dict[str, Any]:
        """Send a frame until it is acknowledged; the acknowledgement. ``times`` > 1 sends it so often at once.

        Raises RequestFailed when it is refused for good or not acknowledged within a minute.
        """
        id_ = id_ or str(uuid7())
        self.tally.record.requests += 1
        pending = _Pending(_encode(type_, chat_id, d, id_), kind, asyncio.get_running_loop().create_future())
        self._pending[id_] = pending
        if not self._absent:
            pending.begin()
        try:
            for _ in range(times):
                await self._transmit(pending)
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await pending.answer
        except TimeoutError:
            self.tally.failed(self.owner.name, type_, f"no ack in {PATIENCE_SECONDS:.0f} s for {id_} in chat {chat_id}")
            raise RequestFailed(type_) from None
        finally:
            self._pending.pop(id_, None)
            if pending.started is not None:
                self.tally.waited(kind, pending.started_at, monotonic() - pending.started)

    async def say(self, type_: str, chat_id: str) -> None:
        """Send a frame that gets no answer, if there is a connection."""
        await self._send(_encode(type_, chat_id, {}, None))

    def waiting(self) -> int:
        """How many requests are unanswered."""
        return len(self._pending)

    def oldest(self, kinds: Iterable[Kind]) -> float | None:
        """When (monotonic) the oldest unanswered request of these kinds left."""
        return min((p.started for p in self._pending.values() if p.started and p.kind in kinds), default=None)

    async def _converse(self) -> None:
        """Talk until the connection ends: over one socket, or over several, each up to date before the last is left."""
        await self._enter(self.url)
        while (socket := self._socket) is not None and not self._leaving:
            try:
                async for text in socket:
                    self._on_frame(json.loads(text))
            except WebSocketException:
                if self._socket is socket:
                    raise
            finally:
                await socket.close()
            if self._socket is socket:
                return

    async def _enter(self, url: str) -> None:
        """Connect, be brought up to date, and talk over this socket from now on; the one before it is closed."""
        started_at, started = now().timestamp(), monotonic()
        socket = self._entering = await connect(
            url, compression=None, ping_interval=None, proxy=None, open_timeout=PATIENCE_SECONDS, close_timeout=2
        )
        try:
            if self._leaving:
                await socket.close()
            hello = {"token": await self.owner.access_token(), "device": "simulated", "heads": self.owner.heads()}
            await socket.send(json.dumps({"v": 1, "t": "hello", "d": hello}))
            while (frame := json.loads(await socket.recv()))["t"] != "resume.done":
                if frame["t"] == "resume.more":
                    await socket.send(json.dumps({"v": 1, "t": "resume", "d": {"heads": self.owner.heads()}}))
                else:
                    self._on_frame(frame)
        except BaseException:
            socket.transport.abort()
            raise
        finally:
            self._entering = None
        self.tally.waited("resume", started_at, monotonic() - started)
        self.tally.record.resumes += 1
        old, self._socket = self._socket, socket
        self.is_away = url != self._first_url
        self.owner.on_resumed(frame["d"]["heads"])
        self._absent = False
        self.online.set()
        for pending in list(self._pending.values()):
            await self._transmit(pending)
        if old is not None:
            self._keep(old.close)

    async def _move(self, seconds: float) -> None:
        """Go to where ``url`` says now, after so long. What is under way on the old socket goes on meanwhile."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self._enter(self.url)
                self.tally.record.reconnects += 1
                return
            except (OSError, WebSocketException, KeyError, ValueError) as error:
                if not self._provoked and not self._leaving:
                    self.tally.failed(self.owner.name, "reconnect", f"{type(error).__name__}: {error}")
            except RequestFailed:
                pass  # the token could not be had: that failure is in the record already
            seconds = _LONGEST_PAUSE_SECONDS

    async def _stop_moving(self) -> None:
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.gather(self._moving, return_exceptions=True)
            self._moving = None

    def _on_reconnect(self, url: str, within_seconds: float) -> None:
        if url != self.url:  # it may be told more than once
            self.url = url
            if self._moving is not None and self._moving is not asyncio.current_task():
                self._moving.cancel()
            self._moving = asyncio.create_task(self._move(random.uniform(0, within_seconds)))  # noqa: S311 - no secret

    def _on_frame(self, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "reconnect":
                self._on_reconnect(frame["d"]["url"], frame["d"]["within_ms"] / 1000)
            case "ack":
                self._on_ack(frame)
            case "error":
                self._on_error(frame)
            case "slow":
                self._again(frame.get("id"), frame["d"]["retry_ms"] / 1000)
            case _:
                self.owner.on_event(frame)

    def _on_ack(self, frame: dict[str, Any]) -> None:
        first = self._acks.setdefault(frame["id"], frame)
        if first != frame and "message_id" in first["d"]:
            self.tally.failed(self.owner.name, "ack", f"a repeat was acknowledged as {frame}, at first as {first}")
        pending = self._pending.get(frame["id"])
        if pending is not None and not pending.answer.done():
            pending.answer.set_result(frame)

    def _on_error(self, frame: dict[str, Any]) -> None:
        self.tally.failed(self.owner.name, "error frame", json.dumps(frame, ensure_ascii=False))
        pending = self._pending.get(frame.get("id") or "")
        if pending is None or pending.answer.done():
            return
        if frame["d"].get("retryable"):
            self._again(frame["id"], 0.2)
        else:
            pending.answer.set_exception(RequestFailed(str(frame["d"])))

    def _again(self, id_: str | None, seconds: float) -> None:
        async def transmit_later() -> None:
            await asyncio.sleep(seconds)
            if id_ in self._pending:
                await self._transmit(self._pending[id_])

        self._keep(transmit_later)

    def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _transmit(self, pending: _Pending) -> None:
        if not self.online.is_set():
            return
        pending.begin()
        await self._send(pending.frame)

    async def _send(self, text: str) -> None:
        if self._socket is None or not self.online.is_set():
            return
        # A break here is seen by run as well, which reports it if it must; then all that is pending is sent again.
        with contextlib.suppress(WebSocketException):
            await self._socket.send(text)


def _encode(type_: str, chat_id: str, d: Mapping[str, Any], id_: str | None) -> str:
    frame: dict[str, Any] = {"v": 1, "t": type_, "chat": chat_id, "d": d}
    if id_ is not None:
        frame["id"] = id_
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
