"""Socket.IO with Express and pg: ``peers_socketio/server.js``, one process of Node."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from signal import SIGTERM

import jwt
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.conversations import Line, Person, mark, number_in
from bench.messengers import HANDSHAKE_SECONDS, POOL, Cast
from bench.messengers.database import fill, make_database
from bench.peers import NODE, install_packages
from bench.servers import Server, run
from cyphr.embedded.http import wait_until_ready
from cyphr.embedded.ports import free_port
from cyphr.embedded.process import spawn, terminate
from cyphr.foundation.queries import load_queries

_queries = load_queries("bench.messengers")
_PROGRAM = Path(__file__).parents[1] / "peers_socketio"


class SocketIo:
    """What such a server does by hand: JWT, membership and storing in one statement, acknowledgement after the commit.

    Receipts are passed on to the speaker and stored nowhere.
    """

    name = "Socket.IO + Express + pg"
    missing: str | None = None

    def __init__(self, server: Server, cast: Cast, folder: Path) -> None:
        self._server = server
        self._cast = cast
        self._folder = folder
        self._secret = token_hex(32)
        self._port = 0

    async def set_up(self) -> None:
        self.missing = await install_packages(_PROGRAM)
        if self.missing is not None:
            return
        self._database = await make_database(self._server, "socketio", _queries.make_socketio, self._cast.counts())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sequence[int]]:
        await fill(self._database, _queries.empty_socketio, self._cast.counts())
        await run(self._database, _queries.settle)
        self._port = free_port()
        environment = {
            "NODE_ENV": "production",
            "PORT": str(self._port),
            "SECRET": self._secret,
            "POOL": str(POOL),
            "DATABASE": json.dumps(_as_pg(self._database.connection_arguments())),
        }
        log = self._folder / "server.log"
        process = spawn(
            [NODE, _PROGRAM / "server.js"],
            log=log,
            note=self._folder / "process.json",
            environment=environment,
            folder=_PROGRAM,
        )
        await wait_until_ready(f"http://127.0.0.1:{self._port}/healthz", process, log, what="Socket.IO")
        try:
            yield [process.pid]
        finally:
            await terminate(process, SIGTERM)

    async def connect(self, number: int, chat: int | None, person: Person, *, speaker: int | None = None) -> Line:
        token = jwt.encode({"sub": str(number)}, self._secret, algorithm="HS256")
        line = _Line(token, chat or 0, person, speaker)
        await ws_connect(
            lambda: line,
            f"ws://127.0.0.1:{self._port}/socket.io/?EIO=4&transport=websocket",
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
        )
        await line.ready
        return line


def _as_pg(arguments: dict[str, object]) -> dict[str, object]:
    """libpq's words in those of the package pg."""
    names = {"host": "host", "port": "port", "dbname": "database", "user": "user", "password": "password"}
    return {name: arguments[ours] for ours, name in names.items()}


class _Line(WSListener):
    """Engine.IO 4 and Socket.IO 5 by hand, as far as it is spoken here."""

    def __init__(self, token: str, chat: int, person: Person, speaker: int | None) -> None:
        self._token = token
        self._chat = chat
        self._person = person
        self._speaker = speaker
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, _: WSTransport, frame: WSFrame) -> None:
        data = frame.get_payload_as_bytes()
        if data.startswith(b'42["message"'):
            self._person.delivered(number_in(data))
        elif data.startswith(b"43") and b'"error"' not in data:
            self._person.acknowledged(int(data[2 : data.find(b"[")]))
        elif data.startswith(b'42["pong"'):
            self._person.answered()
        elif data.startswith(b'42["receipt"'):
            at = data.find(b'"place":') + len('"place":')
            self._person.confirmed(int(data[at : data.find(b"}", at)]))
        elif data == b"2":
            self._send("3")
        elif data.startswith(b"0"):
            self._send(f'40{{"token":"{self._token}"}}')
        elif data.startswith(b"40"):
            self.ready.set_result(None)
        else:
            self._person.failed(data.decode())

    def on_ws_disconnected(self, _: WSTransport) -> None:
        self._person.failed("the server hung up")

    def say(self, number: int) -> None:
        self._send(
            f'42{number}["send",{{"id":"00000000-0000-7000-8000-{number:012x}","chat":{self._chat},'
            f'"content":"{mark(number)}"}}]'
        )

    def confirm(self, number: int) -> None:
        self._send(f'42["received",{{"chat":{self._chat},"to":{self._speaker},"place":{number}}}]')

    def ping(self) -> None:
        self._send('42["ping"]')

    def close(self) -> None:
        self._transport.disconnect()

    def _send(self, text: str) -> None:
        self._transport.send(WSMsgType.TEXT, text.encode())
