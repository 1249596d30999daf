"""Cyphr as it is: the server process of the one-machine stack with everything switched on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from pydantic import SecretStr

from bench.conversations import Line, Person, mark, number_in
from bench.messengers import HANDSHAKE_SECONDS, POOL, Cast
from bench.messengers.database import fill
from bench.servers import Server, run
from cyphr.embedded.databases import APP, DATABASES, OWNERS, prepare_database, shape_server
from cyphr.embedded.messenger import MessengerServer
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import MessengerSettings, PostgresSettings
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.tokens import AccessTokens

_queries = load_queries("bench.messengers")
_SIDE = Side.SUPABASE
_UNLIMITED = 1_000_000
_KIND = len('{"v":1,"t":"')


class Cyphr:
    """Ours. Receipts are watermarks that the server stores; every member of the chat is told of them."""

    name = "cyphr"
    missing: str | None = None

    def __init__(self, server: Server, cast: Cast, folder: Path) -> None:
        self._cluster = server.cluster
        self._cast = cast
        self._folder = folder
        self._password = SecretStr(token_hex(12))
        self._messenger: MessengerServer | None = None
        self._tokens: AccessTokens | None = None

    async def set_up(self) -> None:
        await shape_server(self._cluster, _SIDE, self._password)
        owner = self._cluster.settings(DATABASES[_SIDE], OWNERS[_SIDE], self._password)
        await prepare_database(owner, _SIDE, self._password)
        await fill(self._database, _queries.make_cyphr, self._cast.counts())
        key = self._folder / "token.pem"
        private = Ed25519PrivateKey.generate()
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._tokens = AccessTokens(SigningKey(private), "cyphr")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sequence[int]]:
        await fill(self._database, _queries.empty_cyphr, self._cast.counts())
        await run(self._database, _queries.settle)
        self._messenger = MessengerServer(self._folder / "server")
        await self._messenger.start(
            MessengerSettings(
                supabase_database=self._cluster.settings(DATABASES[_SIDE], APP, self._password),
                token_key_file=self._folder / "token.pem",
                pool_size=POOL,
                # Everybody comes from one address here.
                public_requests_per_minute=_UNLIMITED,
                public_requests_burst=_UNLIMITED,
            )
        )
        try:
            assert self._messenger.process is not None
            yield [self._messenger.process.pid]
        finally:
            await self._messenger.stop()

    async def connect(
        self,
        number: int,
        chat: int | None,
        person: Person,
        *,
        speaker: int | None = None,  # noqa: ARG002 - the server knows who is to be told
    ) -> Line:
        assert self._messenger is not None
        assert self._tokens is not None
        token = self._tokens.issue(Identity(user_id=UUID(int=number), session_id=UUID(int=number)))
        address = self._messenger.address.replace("http", "ws") + "/v1/ws"
        begun_at = 0 if chat is None or chat == self._cast.group else self._cast.history
        line = _Line(token, chat or 0, begun_at, person)
        await ws_connect(lambda: line, address, websocket_handshake_timeout=HANDSHAKE_SECONDS)
        await line.ready
        return line

    @property
    def _database(self) -> PostgresSettings:
        return self._cluster.settings(DATABASES[_SIDE])


class _Line(WSListener):
    """``begun_at``: the last place in the chat before anybody speaks; one does, so message 0 has the place after it."""

    def __init__(self, token: str, chat: int, begun_at: int, person: Person) -> None:
        self._chat = str(UUID(int=chat))
        heads = f'{{"{self._chat}":{begun_at}}}'
        self._hello = f'{{"v":1,"t":"hello","d":{{"token":"{token}","heads":{heads}}}}}'.encode()
        self._first = begun_at + 1
        self._person = person
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.send(WSMsgType.TEXT, self._hello)

    def on_ws_frame(self, _: WSTransport, frame: WSFrame) -> None:
        data = frame.get_payload_as_bytes()
        match data[_KIND : _KIND + 4]:
            case b'msg"':
                self._person.delivered(number_in(data))
            case b'ack"':
                at = data.find(b'"id":"') + len('"id":"') + 24
                self._person.acknowledged(int(data[at : at + 12], 16))
            case b"rece":
                at = data.find(b'"received_seq":') + len('"received_seq":')
                self._person.confirmed(int(data[at : data.find(b",", at)]) - self._first)
            case b"resu":
                self.ready.set_result(None)
            case b"pong":
                self._person.answered()
            case b"erro" | b"slow":
                self._person.failed(data.decode())

    def on_ws_disconnected(self, _: WSTransport) -> None:
        self._person.failed("the server hung up")

    def say(self, number: int) -> None:
        self._send(
            f'{{"v":1,"t":"msg.send","id":"00000000-0000-7000-8000-{number:012x}","chat":"{self._chat}",'
            f'"d":{{"content":"{mark(number)}"}}}}'
        )

    def confirm(self, number: int) -> None:
        self._send(f'{{"v":1,"t":"recv","chat":"{self._chat}","d":{{"seq":{self._first + number}}}}}')

    def ping(self) -> None:
        self._send('{"v":1,"t":"ping"}')

    def close(self) -> None:
        self._transport.disconnect()

    def _send(self, text: str) -> None:
        self._transport.send(WSMsgType.TEXT, text.encode())
