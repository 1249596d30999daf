"""A person at the messenger's API, over real sockets."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from cyphr.messenger.frames import SERVER_FRAME

_numbers = itertools.count(1)

PIN = "482913"
_PATIENCE_SECONDS = 60.0


@dataclass
class Client:
    """One registered person and what they hold."""

    http: httpx.AsyncClient
    base: str
    email: str
    session: dict[str, Any]
    websocket: str
    """Where the WebSocket is."""

    @property
    def id(self) -> str:
        return str(self.session["person"]["id"])

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['access_token']}"}

    async def get(self, path: str, **params: Any) -> Any:
        response = await self.http.get(path, params=params, headers=self.auth)
        assert response.status_code == 200, response.text
        return response.json()

    async def get_status(self, path: str, **params: Any) -> int:
        return (await self.http.get(path, params=params or None, headers=self.auth)).status_code

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.auth)

    async def put(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.put(path, json=body, headers=self.auth)

    async def delete(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.delete(path, params=params, headers=self.auth)

    async def call(self, method: str, path: str, body: Any = None, **arguments: Any) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=self.auth, **arguments)

    async def direct(self, other: "Client") -> str:
        response = await self.post("/v1/chats", {"type": "direct", "member_ids": [other.id]})
        assert response.status_code in {200, 201}, response.text
        return str(response.json()["id"])

    async def group(self, name: str, others: list["Client"]) -> str:
        body = {"type": "group", "name": name, "member_ids": [other.id for other in others]}
        response = await self.post("/v1/chats", body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    async def send(self, chat: str, content: str, *, client_id: str | None = None, **body: Any) -> httpx.Response:
        sent = {"id": client_id or str(uuid4()), "content": content, **body}
        return await self.post(f"/v1/chats/{chat}/messages", sent)

    async def say(self, chat: str, content: str, **body: Any) -> str:
        """Send, and the path of the message."""
        response = await self.send(chat, content, **body)
        assert response.status_code == 201, response.text
        return f"/v1/chats/{chat}/messages/{response.json()['message_id']}"

    async def forward(self, message: str, chat: str, *, client_id: str | None = None) -> httpx.Response:
        sent = {"id": client_id or str(uuid4()), "forward_of": message.rpartition("/")[2]}
        return await self.post(f"/v1/chats/{chat}/messages", sent)

    async def edit(self, message: str, content: str, **body: Any) -> httpx.Response:
        return await self.put(message, {"content": content, **body})

    async def react(self, message: str, emoji: str) -> httpx.Response:
        return await self.put(f"{message}/reactions/{quote(emoji)}")

    async def chat(self, chat: str) -> dict[str, Any]:
        """The chat as it stands in one's list."""
        return next(one for one in await self.get("/v1/chats") if one["id"] == chat)

    async def history(self, chat: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(f"/v1/chats/{chat}/messages"))["messages"]
        return found

    @asynccontextmanager
    async def socket(
        self, heads: dict[str, int] | None = None, changes: dict[str, int] | None = None
    ) -> AsyncIterator["Socket"]:
        """A WebSocket that has said hello and been brought up to date."""
        async with self.stranger() as socket:
            body = {"token": self.session["access_token"], "heads": heads or {}, "changes": changes or {}}
            await socket.say("hello", d=body)
            await socket.until("resume.done")
            yield socket

    @asynccontextmanager
    async def stranger(self) -> AsyncIterator["Socket"]:
        """A WebSocket that has said nothing yet."""
        async with connect(self.websocket, compression=None, open_timeout=60) as websocket:
            yield Socket(websocket)


@dataclass
class Socket:
    """A WebSocket that remembers everything it heard."""

    websocket: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, kind: str, **members: Any) -> None:
        await self.websocket.send(json.dumps({"v": 1, "t": kind, **members}))

    async def send(self, chat: str, content: str, *, client_id: str | None = None) -> str:
        client_id = client_id or str(uuid4())
        await self.say("msg.send", id=client_id, chat=chat, d={"content": content})
        return client_id

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            text = await self.websocket.recv()
        SERVER_FRAME.validate_json(text)
        frame: dict[str, Any] = json.loads(text)
        self.heard.append(frame)
        return frame

    async def until(self, kind: str, **members: Any) -> dict[str, Any]:
        """The next frame of this kind whose members are these."""
        while True:
            frame = await self.hear()
            if frame["t"] == kind and all(frame.get(name) == value for name, value in members.items()):
                return frame

    def messages(self) -> list[dict[str, Any]]:
        """What was sent while this socket was open or has been brought by its resume, as it came."""
        found: list[dict[str, Any]] = []
        for frame in self.heard:
            if frame["t"] == "msg":
                found.append(frame["d"]["message"])
            elif frame["t"] == "resume.page":
                found.extend(frame["d"]["messages"])
        return found


async def register(http: httpx.AsyncClient, name: str = "Anna", **members: Any) -> Client:
    """Make an account as a person would: ask for a code, read it in the mailbox, register."""
    email = f"person{next(_numbers)}@example.org"
    assert (await http.post("/v1/accounts/codes", json={"email": email})).status_code == 202
    letters = (await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})).json()
    body = {"email": email, "code": letters["messages"][0]["code"], "full_name": name, "pin": PIN, **members}
    response = await http.post("/v1/accounts", json=body)
    assert response.status_code == 201, response.text
    UUID(response.json()["person"]["id"])
    base = str(http.base_url).rstrip("/")
    told = (await http.get("/v1/addresses")).json()["websocket"]
    return Client(http, base, email, response.json(), told or f"{base.replace('http', 'ws', 1)}/v1/ws")
