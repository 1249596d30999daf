"""One simulated person: holds an identity, a socket and an inbox; sends, and marks what arrived."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from cyphr.embedded.people import contents
from cyphr.embedded.people.connection import Connection
from cyphr.embedded.people.identity import Identity
from cyphr.embedded.people.inbox import Draft, Inbox
from cyphr.embedded.people.record import ChatMade, MessageSent
from cyphr.embedded.people.requests import Api, RequestFailed
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.ids import uuid7

_GAP_PATIENCE_SECONDS = 0.5
_MOST_UNACKNOWLEDGED = 12
_OVER_HTTP = 0.05
_TWICE_AT_ONCE = 0.02
_AGAIN_LATER = 0.02
_IN_A_GROUP = 0.08


@dataclass
class World:
    """What everyone in one run shares."""

    api: Api
    tally: Tally
    websocket_url: str
    dice: random.Random
    drafts: MutableMapping[str, Draft] = field(default_factory=dict)
    """By client id, everything that anyone tried to send."""
    people: list["Person"] = field(default_factory=list)


class Person:
    """``arrive``, run the ``connection`` as a task, then ``send`` as often as one likes; ``habits`` has the rest."""

    def __init__(self, world: World, identity: Identity) -> None:
        self.world = world
        self.tally = world.tally
        self.record = world.tally.record
        self.identity = identity
        self.name = identity.account.email
        self.inbox = Inbox(self.name, world.drafts, self.record.delivery_problems)
        self.connection = Connection(world.websocket_url, self, world.tally)
        identity.on_new_session = self.connection.abort
        self.chats: dict[str, dict[str, Any]] = {}
        self.marked: dict[str, tuple[int, int]] = {}
        self.typed = 0.0
        self.pace = 1.0
        self._mending: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- arriving and leaving

    async def arrive(self) -> None:
        """Register, sign out, sign in again with e-mail and PIN."""
        await self.identity.register()
        await self.identity.sign_out()
        await self.identity.sign_in()

    def begin(self, doing: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
        """Do one thing, to its end whatever happens to the caller; its failure is in the record and no more."""

        async def through() -> None:
            try:
                await doing()
            except RequestFailed:
                pass  # in the record already
            except (KeyError, TypeError, ValueError) as error:
                self.tally.failed(self.name, "answer", f"not as the contract has it: {error!r}")

        task = asyncio.create_task(through())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait for what is in flight."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # -- messages

    def may_send(self) -> bool:
        return bool(self.chats) and self.connection.waiting() < _MOST_UNACKNOWLEDGED

    async def send(self) -> None:
        """Write one message somewhere: mostly to one person, mostly over the socket, sometimes twice."""
        dice = self.world.dice
        wanted = "group" if dice.random() < _IN_A_GROUP else "direct"
        fitting = [chat_id for chat_id, chat in self.chats.items() if chat["type"] == wanted]
        chat_id = dice.choice(fitting or list(self.chats))
        content, client_id = contents.text(dice), str(uuid7())
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        self.world.drafts[client_id] = Draft(chat_id, self.identity.user_id, sha256)
        self.tally.sent()
        chance = dice.random()
        if chance < _OVER_HTTP:
            await self._send_over_http(client_id, chat_id, content)
        else:
            await self._send_over_socket(client_id, chat_id, content, times=2 if chance > 1 - _TWICE_AT_ONCE else 1)
        if dice.random() < _AGAIN_LATER:
            self.record.repeats += 1
            again = dice.choice([self._send_over_http, self._send_over_socket])
            await again(client_id, chat_id, content)

    async def _send_over_socket(self, client_id: str, chat_id: str, content: str, *, times: int = 1) -> None:
        began = now().timestamp(), monotonic()
        self.record.repeats += times - 1
        ack = await self.connection.request(
            "msg.send", chat_id, {"content": content}, kind="message", id_=client_id, times=times
        )
        self._acknowledged(client_id, ack["chat"], ack["d"], "socket", began)

    async def _send_over_http(self, client_id: str, chat_id: str, content: str) -> None:
        began = now().timestamp(), monotonic()
        expect = 200 if client_id in self.record.messages else 201
        path, body = f"/v1/chats/{chat_id}/messages", {"id": client_id, "content": content}
        ack = await self.call("POST", path, kind="message", expect=(expect,), json=body)
        self._acknowledged(client_id, ack["chat_id"], ack, "http", began)

    def _acknowledged(
        self, client_id: str, chat_id: str, ack: Mapping[str, Any], via: Any, began: tuple[float, float]
    ) -> None:
        message_id, seq = ack["message_id"], ack["seq"]
        known = self.record.messages.get(client_id)
        if known is not None:
            if (known.message_id, known.chat_id, known.seq) != (message_id, chat_id, seq):
                self.tally.failed(self.name, "repeat", f"acknowledged as {dict(ack)}, at first as {known}")
            return
        draft = self.world.drafts[client_id]
        if chat_id != draft.chat_id:
            self.tally.failed(self.name, "ack", f"for chat {chat_id}, but sent to {draft.chat_id}")
        self.record.messages[client_id] = MessageSent(
            client_id, message_id, chat_id, seq, draft.sender_id, draft.sha256, ack["ts"], via,
            began[0], began[1], now().timestamp(), monotonic(),
        )  # fmt: skip
        self.tally.acknowledged += 1
        self.inbox.keep(chat_id, seq, message_id)
        if self.inbox.chats[chat_id].has_gap:
            self._mend_soon(chat_id, 0)

    # -- what the connection tells

    async def access_token(self) -> str:
        return await self.identity.access_token()

    def heads(self) -> dict[str, int]:
        return self.inbox.heads()

    def on_event(self, frame: Mapping[str, Any]) -> None:
        """A message or a chat; receipts and typing are seen and forgotten."""
        if frame["t"] == "msg":
            message = frame["d"]["message"]
            if (frame["chat"], frame["seq"], frame["from"]) != (
                message["chat_id"],
                message["seq"],
                message["sender_id"],
            ):
                self.complain(f"envelope and message disagree: {frame}")
            self._take(frame["chat"], [message])
        elif frame["t"] == "resume.page":
            self._take(frame["chat"], frame["d"]["messages"])
        elif frame["t"] == "chat":
            self.learn(frame["d"]["chat"])

    def on_resumed(self, heads: Mapping[str, int]) -> None:
        for chat_id, head in heads.items():
            if self.inbox.join(chat_id).head < head:
                self._mend_soon(chat_id, head)

    def learn(self, chat: dict[str, Any]) -> None:
        """Know a chat from now on."""
        self.chats[chat["id"]] = chat
        self.inbox.join(chat["id"])
        members = [member["user_id"] for member in chat["members"]]
        self.record.chats.setdefault(chat["id"], ChatMade(chat["id"], chat["type"], chat["name"], members))

    def complain(self, sentence: str) -> None:
        """Remember something that came otherwise than the contract promises."""
        self.record.delivery_problems.append(f"{self.name}: {sentence}")

    def _take(self, chat_id: str, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            if self.inbox.take(message):
                self.record.received += 1
        if self.inbox.chats[chat_id].has_gap:
            self._mend_soon(chat_id, 0)

    def _mend_soon(self, chat_id: str, resumed_to: int) -> None:
        if chat_id not in self._mending:
            self._mending.add(chat_id)
            self.begin(lambda: self._mend(chat_id, resumed_to))

    async def _mend(self, chat_id: str, resumed_to: int) -> None:
        try:
            # Two connections' events may cross; what is still missing after this was not sent.
            await asyncio.sleep(_GAP_PATIENCE_SECONDS)
            if not self.connection.online.is_set():
                return  # the resume that comes will bring it
            held = self.inbox.chats[chat_id]
            if held.head < resumed_to:
                self.complain(f"resume.done named seq {resumed_to} of chat {chat_id}, but {held.head} was the last")
            while held.has_gap or held.head < resumed_to:
                self.record.gaps += 1
                if not await self.fetch_after(chat_id, held.head):
                    return
        finally:
            self._mending.discard(chat_id)

    async def fetch_after(self, chat_id: str, after: int) -> int:
        """Take a page of history; how many messages it had."""
        page = await self.call("GET", f"/v1/chats/{chat_id}/messages", kind="fetch", params={"after": after})
        for message in page["messages"]:
            self.inbox.take(message)
        seqs = [message["seq"] for message in page["messages"]]
        if seqs != list(range(after + 1, after + 1 + len(seqs))):
            self.complain(f"history of {chat_id} after {after} came as {seqs}")
        return len(seqs)

    async def mark(self, chat_id: str, *, read: bool) -> None:
        """Tell how far the chat's messages are held here, and that they were read."""
        head = self.inbox.join(chat_id).head
        received_seq, read_seq = self.marked.get(chat_id, (0, 0))
        if head > received_seq:
            await self._mark("recv", chat_id, head)
        if read and head > read_seq:
            await self._mark("read", chat_id, head)

    async def _mark(self, type_: str, chat_id: str, seq: int) -> None:
        await self.connection.request(type_, chat_id, {"seq": seq}, kind="read")
        mark = self.record.watermark(self.identity.user_id, chat_id)
        if type_ == "recv":
            mark.received_seq = max(mark.received_seq, seq)
        else:
            mark.read_seq = max(mark.read_seq, seq)
        self.marked[chat_id] = (mark.received_seq, mark.read_seq)

    # -- requests

    async def open_chat(self, type_: str, others: list["Person"], name: str | None = None) -> str:
        """Make a chat, or for a pair find the one there is; its id."""
        member_ids = [person.identity.user_id for person in others]
        body = {"type": type_, "name": name, "member_ids": member_ids}
        expect = (200, 201) if type_ == "direct" else (201,)
        chat = await self.call("POST", "/v1/chats", kind="chat", expect=expect, json=body)
        wanted = {self.identity.user_id, *member_ids}
        if {member["user_id"] for member in chat["members"]} != wanted or chat["type"] != type_:
            self.tally.failed(self.name, "POST /v1/chats", f"asked for {body}, got {chat}")
        self.learn(chat)
        return str(chat["id"])

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        headers = await self.identity.headers()
        response = await self.world.api.call(self.name, method, path, headers=headers, **arguments)
        return response.json() if response.content else None
