"""An honest client on one device: keeps what it is told, asks for what it missed, sends again until acknowledged."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import Frame, Opcode

from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.ledger import Ledger, Sent

Message = dict[str, Any]

# What the machine keeps for a client that does not read is kept small, so that its pauses are felt by the server.
_RECEIVE_BUFFER = 16 * 1024


@dataclass
class Held:
    """What a device has of one chat: everything after ``base`` up to ``head``, and all changes up to ``change``."""

    base: int
    head: int
    change: int = 0
    messages: dict[int, Message] = field(default_factory=dict, repr=False)


class Device:
    """One device of a person. What it finds wrong, it writes into the ledger."""

    def __init__(self, name: str, person: Client, address: str, ledger: Ledger) -> None:
        self.name = name
        self.person = person
        self.held: dict[str, Held] = {}
        self.left: set[str] = set()
        self._changes_before: dict[str, int] = {}
        """The last change of a chat that it was told of before it held anything of it: what it asks for then has it."""
        self.closed_with: list[int] = []
        self._address = address
        self._ledger = ledger
        self._reading = asyncio.Event()
        self._reading.set()
        self._websocket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._resumed = asyncio.Event()

    @property
    def online(self) -> bool:
        return self._listening is not None and not self._listening.done()

    @property
    def up_to_date(self) -> bool:
        """Whether the server has told it that nothing is missing any more."""
        return self._resumed.is_set()

    async def go_online(self) -> None:
        """Connect and say hello; what was missed then comes by and by. Does nothing when there is no server."""
        if self.online:
            return
        await self.break_off()
        self._resumed.clear()
        try:
            self._websocket = await connect(
                self._address, sock=self._open_socket(), compression=None, ping_interval=None, open_timeout=60
            )
        except (OSError, InvalidHandshake, EOFError, TimeoutError, ConnectionClosed):
            return
        heads = {chat: held.head for chat, held in self.held.items() if chat not in self.left}
        changes = {chat: held.change for chat, held in self.held.items() if chat not in self.left}
        d = {"token": self.person.session["access_token"], "heads": heads, "changes": changes}
        self._listening = asyncio.create_task(self._listen(self._websocket))
        await self.say("hello", d=d)

    def _open_socket(self) -> socket.socket:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        where = urlsplit(self._address)
        try:
            opened.connect((where.hostname, where.port))
        except OSError:
            opened.close()
            raise
        opened.setblocking(False)
        return opened

    async def go_offline(self) -> None:
        """Say goodbye."""
        self.read_on()
        websocket, self._websocket = self._websocket, None
        if websocket is not None:
            await websocket.close()
        await self._end_listening()

    async def break_off(self, half_a_frame: Sent | None = None) -> None:
        """Lose the connection without a word, or in the middle of one."""
        websocket, self._websocket = self._websocket, None
        if websocket is not None:
            if half_a_frame is not None and self.online:
                whole = Frame(Opcode.TEXT, half_a_frame.frame().encode()).serialize(mask=True)
                websocket.transport.write(whole[: len(whole) // 2])
            websocket.transport.abort()
        self.read_on()
        await self._end_listening()

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    def forget_after(self, chat: str, head: int, change: int) -> None:
        """As a device that was set back to an older copy of what it held."""
        held = self.held.get(chat)
        if held is not None:
            held.head = max(held.base, min(head, held.head))
            held.change = max(0, min(change, held.change))
            held.messages = {seq: message for seq, message in held.messages.items() if seq <= held.head}

    async def say(self, kind: str, **members: Any) -> None:
        await self.give(json.dumps({"v": 1, "t": kind, **members}))

    async def give(self, frame: str) -> None:
        """Send a frame, unless the connection has ended meanwhile."""
        if self._websocket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._websocket.send(frame)

    async def _end_listening(self) -> None:
        if self._listening is not None:
            await self._listening
        self._listening = None

    async def _listen(self, websocket: ClientConnection) -> None:
        try:
            while True:
                await self._reading.wait()
                await self._take(json.loads(await websocket.recv()))
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                self.closed_with.append(closed.rcvd.code)
        except httpx.HTTPError:
            # What it needed to fill a gap is out of reach: it comes again.
            websocket.transport.abort()
        except Exception as error:
            self._wrong(f"it could not take what it was told: {error!r}")
            websocket.transport.abort()

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "msg":
                await self._take_message(frame["chat"], frame["d"]["message"])
            case "resume.page":
                self._take_page(frame["chat"], frame["d"]["messages"])
            case "resume.changes":
                for message in frame["d"]["messages"]:
                    await self._take_changed(frame["chat"], message)
                self.held[frame["chat"]].change = frame["change"]
            case "change":
                await self._take_change(frame["chat"], frame["change"], frame["d"]["message"])
            case "ack" if "message_id" in frame["d"]:
                await self._take_ack(frame)
            case "ack":
                self._ledger.raised_mark(frame["id"])
            case "slow":
                self._ledger.slowed(frame["id"])
            case "error":
                self._ledger.refused(self.name, frame)
            case "chat":
                await self._take_chat(frame["chat"], frame["d"]["chat"]["last_change"])
            case "chat.left":
                self.left.add(frame["chat"])
            case "resume.done":
                await self._take_resumed(frame["d"])

    async def _take_chat(self, chat: str, last_change: int) -> None:
        """Whoever is taken into a chat, again perhaps, was told nothing of what became of its messages meanwhile."""
        self.left.discard(chat)
        self._changes_before[chat] = last_change
        held = self.held.get(chat)
        if held is not None and held.change < last_change:
            await self._catch_up(chat)

    async def _take_ack(self, frame: dict[str, Any]) -> None:
        sent = self._ledger.acknowledged(frame["id"], frame["chat"], frame["d"]["seq"], frame["d"]["message_id"])
        if frame["chat"] in self.left:
            return
        held = self.held.get(frame["chat"])
        if held is not None and frame["d"]["seq"] == held.head + 1 and sent.chat == frame["chat"]:
            self._keep(frame["chat"], sent.as_message())
        else:
            await self._fill(frame["chat"], frame["d"]["seq"])

    def _take_page(self, chat: str, messages: list[Message]) -> None:
        self.left.discard(chat)  # taken in again while it was away: a resume knows its own chats only
        # What a resume leaves out is of a time when this person was out of the chat. Whether it was, the verdict tells.
        # Nor could it be asked for: by now they may be out once more.
        before = messages[0]["seq"] - 1
        held = self.held.setdefault(chat, Held(base=before, head=before))
        held.head = max(held.head, before)
        for message in messages:
            self._keep(chat, message)

    async def _take_message(self, chat: str, message: Message) -> None:
        if chat in self.left:
            self._wrong(f"message {message['seq']} of {chat} after it was left")
            return
        held = self.held.get(chat)
        if held is None or message["seq"] > held.head + 1:
            await self._fill(chat, message["seq"])
        else:
            self._keep(chat, message)

    async def _take_change(self, chat: str, change: int, message: Message | None) -> None:
        held = self.held.get(chat)
        if held is None:
            self._changes_before[chat] = max(change, self._changes_before.get(chat, 0))
            return
        if chat in self.left or change <= held.change:
            return
        if change > held.change + 1:
            await self._catch_up(chat)
            return
        if message is not None:
            await self._take_changed(chat, message)
        held.change = change

    async def _take_changed(self, chat: str, message: Message) -> None:
        held = self.held[chat]
        if message["seq"] > held.head:
            await self._fill(chat, message["seq"])
        elif message["seq"] > held.base:
            self._keep(chat, message)

    async def _take_resumed(self, d: Mapping[str, Any]) -> None:
        self._resumed.set()
        for chat, head in d["heads"].items():
            self.left.discard(chat)
            held = self.held.setdefault(chat, Held(base=head, head=head))
            if held.head < head:
                self._wrong(f"a resume of {chat} ended at {held.head} and said {head}")
            held.change = max(held.change, d["changes"][chat])

    def _keep(self, chat: str, message: Message) -> None:
        held, seq = self.held[chat], message["seq"]
        if seq <= held.base:
            return
        known = held.messages.get(seq)
        if known is not None and known["id"] != message["id"]:
            self._wrong(f"two messages have place {seq} of {chat}: {known['id']} and {message['id']}")
        if known is None or (message["changed"] or 0) > (known["changed"] or 0):
            held.messages[seq] = message
        held.head = max(held.head, seq)

    async def _fill(self, chat: str, seq: int) -> None:
        """Ask for everything up to a place that it does not hold."""
        held = self.held.get(chat)
        more = held is None or held.head < seq
        while more:
            page = await self._get(f"/v1/chats/{chat}/messages", after=held.head if held else 0, limit=200)
            if page is None:
                return
            for message in page["messages"]:
                if held is None:
                    change = self._changes_before.get(chat, 0)
                    held = self.held[chat] = Held(message["seq"] - 1, message["seq"] - 1, change)
                # A gap here is a time when this person was out of the chat. Whether it was, the verdict tells.
                held.head = max(held.head, message["seq"] - 1)
                self._keep(chat, message)
            more = page["more"]

    async def _catch_up(self, chat: str) -> None:
        """Ask for what became of messages."""
        more = True
        while more:
            held = self.held[chat]
            page = await self._get(f"/v1/chats/{chat}/changes", after=held.change, limit=200)
            if page is None:
                return
            for message in page["messages"]:
                await self._take_changed(chat, message)
            held.change = max(held.change, page["change"])
            more = page["more"]

    async def _get(self, path: str, **parameters: Any) -> Any:
        """None: not, or no longer, for this person."""
        response = await self.person.http.get(path, params=parameters, headers=self.person.auth)
        if response.status_code == 404:
            return None
        if response.status_code == 503:
            response.raise_for_status()
        assert response.status_code == 200, response.text
        return response.json()

    def _wrong(self, text: str) -> None:
        self._ledger.wrongs.append(f"{self.name}: {text}")
