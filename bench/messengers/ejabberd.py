"""ejabberd with its archive (MAM) in PostgreSQL, as Debian packages it: XMPP over TCP, stream management."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGTERM
from typing import Any, LiteralString, cast

from bench.conversations import Line, Person, mark
from bench.messengers import POOL, Cast
from bench.messengers.database import fill, make_database
from bench.peers import install
from bench.servers import Server, run
from cyphr.embedded.ports import free_port
from cyphr.embedded.process import ProcessRecord, is_alive, last_lines, spawn, terminate
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import PostgresSettings

_queries = load_queries("bench.messengers")
_SCHEMA = Path("/usr/share/ejabberd/sql/pg.sql")
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
_HOST = "bench"
_ROOM = f"group@rooms.{_HOST}"


class Ejabberd:
    """Each message is archived for both of a pair, in a group once. Receipts (XEP-0184) are routed and not stored."""

    name = "ejabberd + MAM"
    missing: str | None = None

    def __init__(self, server: Server, cast: Cast, folder: Path) -> None:
        self._server = server
        self._cast = cast
        self._folder = folder
        self._port = 0

    async def set_up(self) -> None:
        install("ejabberd", "erlang-p1-pgsql")
        schema = await asyncio.to_thread(_read_schema)
        if schema is None:
            self.missing = "Debian's package ejabberd is not installed"
            return
        self._database = await make_database(self._server, "ejabberd", "select 1", {})
        await run(self._database, schema)
        await fill(self._database, _queries.fill_ejabberd, self._cast.counts())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sequence[int]]:
        await fill(self._database, _queries.empty_ejabberd, self._cast.counts())
        await run(self._database, _queries.settle)
        self._port = free_port()
        configuration = self._folder / "ejabberd.yml"
        configuration.write_text(json.dumps(_configuration(self._port, self._database)))  # JSON is YAML
        log = self._folder / "server.log"
        process = spawn(
            # As ejabberdctl starts it, but not as a node that others find; its waiting schedulers do not spin.
            ["/usr/bin/erl", "+K", "true", "+P", "250000", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none",
             "-mnesia", "dir", f'"{self._folder}/mnesia"', "-s", "ejabberd", "-noinput"],
            log=log,
            note=self._folder / "process.json",
            environment={
                "HOME": str(self._folder), "PATH": "/usr/bin:/bin", "ERL_LIBS": _LIBRARIES, "ERL_MAX_PORTS": "32000",
                "EJABBERD_CONFIG_PATH": str(configuration), "EJABBERD_LOG_PATH": str(self._folder / "ejabberd.log"),
                "ERL_CRASH_DUMP_BYTES": "0",
            },
            folder=self._folder,
        )  # fmt: skip
        try:
            await self._until_it_listens(process, log)
            yield [process.pid]
        finally:
            await terminate(process, SIGTERM)

    async def connect(self, number: int, chat: int | None, person: Person, *, speaker: int | None = None) -> Line:
        room = chat == self._cast.group
        to = _ROOM if room else f"p{number + 1}@{_HOST}"
        line = _Line(person, to, "groupchat" if room else "chat", speaker)
        await asyncio.get_running_loop().create_connection(lambda: line, "127.0.0.1", self._port)
        await line.sign_in(number, acknowledged=chat is not None and speaker is None)
        if room:
            await line.enter(number)
        line.listen()
        return line

    async def _until_it_listens(self, process: ProcessRecord, log: Path) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                if not is_alive(process):
                    raise RuntimeError(f"ejabberd did not come up:\n{last_lines(log)}") from None
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _read_schema() -> LiteralString | None:
    # The package's own file, so it may be run as it is.
    return _SCHEMA.read_text() if _SCHEMA.exists() else None


def _configuration(port: int, database: PostgresSettings) -> dict[str, Any]:
    arguments = database.connection_arguments()
    return {
        "hosts": [_HOST],
        "loglevel": "warning",
        "auth_method": "sql",
        "auth_password_format": "plain",
        "default_db": "sql",
        "sql_type": "pgsql",
        "sql_server": arguments["host"],
        "sql_port": arguments["port"],
        "sql_database": arguments["dbname"],
        "sql_username": arguments["user"],
        "sql_password": arguments["password"],
        "sql_pool_size": POOL,
        "listen": [{"port": port, "ip": "127.0.0.1", "module": "ejabberd_c2s", "starttls": False, "backlog": 2048}],
        "modules": {
            "mod_mam": {"default": "always", "db_type": "sql"},
            "mod_stream_mgmt": {"ack_timeout": "infinity", "max_ack_queue": "infinity"},
            "mod_ping": {},
            "mod_offline": {"db_type": "sql"},
            "mod_muc": {
                "host": f"rooms.{_HOST}",
                "history_size": 0,
                "max_users": 5000,
                # Nobody is told who else is there: only messages are measured.
                "default_room_options": {"mam": True, "max_users": 5000, "presence_broadcast": []},
            },
        },
    }


# What is looked for in the stream of XML; it does not matter how its pieces arrive.
_HEARD = re.compile(
    rb"~(?P<message>\d{8})~|<a [^>]*h='(?P<acknowledged>\d+)'[^>]*/>|<received [^>]*id='m(?P<receipt>\d+)'"
    rb"|(?P<asked><r [^>]*/>)|(?P<end></message>)|(?P<pong><iq [^>]*id='ping')|(?P<error>type='error'|</stream:stream>)"
)


class _Line(asyncio.Protocol):
    """XMPP by hand, as far as it is spoken here."""

    def __init__(self, person: Person, to: str, kind: str, speaker: int | None) -> None:
        self._person = person
        self._to = to
        self._kind = kind
        self._speaker = speaker
        self._buffer = b""
        self._news = asyncio.Event()
        self._listening = False
        self._stanzas = 0
        # The server counts whatever it has handled, and presences came before the first message.
        self._presences = 0
        self._acknowledged = 0

    # Before the measurement: one step after the other.

    async def sign_in(self, number: int, *, acknowledged: bool) -> None:
        """``acknowledged``: have the server say what it has stored (XEP-0198)."""
        stream = (
            f"<stream:stream to='{_HOST}' xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        )
        secret = b64encode(f"\0p{number}\0secret".encode()).decode()
        await self._ask(stream, b"</stream:features>")
        await self._ask(
            f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>", b"<success"
        )
        await self._ask(stream, b"</stream:features>")
        await self._ask(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
            b"</iq>",
        )
        if acknowledged:
            await self._ask("<enable xmlns='urn:xmpp:sm:3'/>", b"<enabled")
        await self._ask("<presence/>", b"<presence")
        self._presences += 1

    async def enter(self, number: int) -> None:
        """Join the group's room."""
        # The room's subject is the last that is told to who enters.
        await self._ask(
            f"<presence to='{_ROOM}/p{number}'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
            b"<subject",
        )
        self._presences += 1

    def listen(self) -> None:
        """From now on what arrives is told to the person."""
        self._listening = True

    async def _ask(self, text: str, answer: bytes) -> None:
        self._buffer = b""
        self._transport.write(text.encode())
        async with asyncio.timeout(60):
            while answer not in self._buffer:
                if b"failure" in self._buffer or b"error" in self._buffer:
                    raise RuntimeError(f"ejabberd answers {self._buffer.decode()}")
                self._news.clear()
                await self._news.wait()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._person.failed("the server hung up")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._listening:
            self._news.set()
            return
        end = 0
        for match in _HEARD.finditer(self._buffer):
            end = match.end()
            self._hear(match)
        self._buffer = self._buffer[end:]

    def _hear(self, match: re.Match[bytes]) -> None:
        match match.lastgroup:
            case "message":
                self._person.delivered(int(match["message"]))
            case "acknowledged":
                self._acknowledge(int(match["acknowledged"]))
            case "receipt":
                self._person.confirmed(int(match["receipt"]))
            case "asked":
                self._transport.write(f"<a xmlns='urn:xmpp:sm:3' h='{self._stanzas}'/>".encode())
            case "end":
                self._stanzas += 1
            case "pong":
                self._person.answered()
            case "error":
                self._person.failed(self._buffer.decode())

    def _acknowledge(self, handled: int) -> None:
        for number in range(self._acknowledged, handled - self._presences):
            self._person.acknowledged(number)
        self._acknowledged = handled - self._presences

    def say(self, number: int) -> None:
        self._transport.write(
            f"<message to='{self._to}' type='{self._kind}' id='m{number}'><body>{mark(number)}</body></message>"
            f"<r xmlns='urn:xmpp:sm:3'/>".encode()
        )

    def confirm(self, number: int) -> None:
        self._transport.write(
            f"<message to='p{self._speaker}@{_HOST}' type='chat'>"
            f"<received xmlns='urn:xmpp:receipts' id='m{number}'/></message>".encode()
        )

    def ping(self) -> None:
        self._transport.write(f"<iq type='get' id='ping' to='{_HOST}'><ping xmlns='urn:xmpp:ping'/></iq>".encode())

    def close(self) -> None:
        self._transport.close()
