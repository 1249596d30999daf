"""A logical replication connection: START_REPLICATION and its two-way COPY, on psycopg's ``pgconn``.

Source: PostgreSQL documentation, "Streaming Replication Protocol". psycopg 3 has no high-level API for it, but libpq's
functions are all there.
"""

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.wire import SESSION_OPTIONS, flush, run_command, wait_readable

_XLOG_DATA = struct.Struct(">cQQq")
HEADER_BYTES = _XLOG_DATA.size
_KEEPALIVE = struct.Struct(">cQqB")
_STATUS = struct.Struct(">cQQQqB")
_POSTGRES_EPOCH_MICROSECONDS = 946_684_800_000_000
_STATUS_INTERVAL_SECONDS = 5.0
_QUESTION_INTERVAL_SECONDS = 1.0


def parse_lsn(text: str) -> int:
    """``'16/B374D848'`` as a number."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def format_lsn(lsn: int) -> str:
    """The inverse of ``parse_lsn``."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


@dataclass(frozen=True, slots=True)
class Position:
    """The sender has nothing for us before ``lsn``."""

    lsn: int


@dataclass(frozen=True)
class SlotSnapshot:
    """A point of the stream, and the exported snapshot that shows exactly what committed before it."""

    lsn: int
    snapshot: str


class ReplicationConnection:
    """One walsender: commands first, then one stream."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._pgconn = connection.pgconn
        self._confirmed = 0
        self._status_sent_at = 0.0
        self._sending = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: PostgresSettings) -> AsyncIterator["ReplicationConnection"]:
        """Connect in replication mode. Closing the connection ends the stream and drops temporary slots."""
        connection = await connect(settings, replication="database", options=SESSION_OPTIONS)
        try:
            yield cls(connection)
        finally:
            await connection.close()

    async def create_temporary_slot(self, name: str) -> SlotSnapshot:
        """Create a logical slot that ends with this connection; its snapshot lives until the next command here."""
        command = f"CREATE_REPLICATION_SLOT \"{name}\" TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')"
        result = await run_command(self._pgconn, command.encode())
        lsn, snapshot = result.get_value(0, 1), result.get_value(0, 2)
        assert lsn is not None
        assert snapshot is not None
        return SlotSnapshot(parse_lsn(lsn.decode()), snapshot.decode())

    async def drop_slot(self, name: str) -> None:
        """Drop a slot that nobody reads."""
        await run_command(self._pgconn, f'DROP_REPLICATION_SLOT "{name}"'.encode())

    async def start(self, slot: str, publication: str, lsn: int) -> None:
        """Begin streaming ``slot`` after ``lsn``."""
        self._confirmed = lsn
        command = (
            f'START_REPLICATION SLOT "{slot}" LOGICAL {format_lsn(lsn)}'
            f" (proto_version '1', publication_names '\"{publication}\"', messages 'true')"
        )
        await run_command(self._pgconn, command.encode())

    def receive(self) -> bytes | Position | None:
        """The next message or position if one is already here; None otherwise. Never waits.

        A message of pgoutput begins at ``HEADER_BYTES``.
        """
        length, data = self._pgconn.get_copy_data(1)
        if length == 0:
            self._pgconn.consume_input()
            length, data = self._pgconn.get_copy_data(1)
        if length == 0:
            return None
        if length < 0:
            result = self._pgconn.get_result()
            reason = result.error_message.decode(errors="replace").strip() if result else ""
            raise Unavailable(f"the sending server ended the stream: {reason or 'it closed the connection'}")
        if data[0] == 0x77:  # w: data
            return bytes(data)
        _, lsn, _, wants_reply = _KEEPALIVE.unpack(data)
        if wants_reply:
            self._status_sent_at = 0.0
        return Position(lsn)

    async def wait(self, seconds: float) -> None:
        """Wait until something arrives, at most ``seconds``."""
        await wait_readable(self._pgconn, seconds)

    async def confirm(self, lsn: int, *, now: bool = False) -> None:
        """Tell the sender, when it is due, that everything before ``lsn`` is durable here and need not be kept."""
        self._confirmed = max(self._confirmed, lsn)
        if now or monotonic() - self._status_sent_at >= _STATUS_INTERVAL_SECONDS:
            await self._send_status()

    @asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """Answer for us while the block runs, also when it is busy with the other server for longer than the sender's
        ``wal_sender_timeout``."""
        task = asyncio.create_task(self._send_status_regularly(), name="keep the stream alive")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _send_status_regularly(self) -> None:
        # Asked for an answer, a sender with nothing to send tells how far it is: that is how we know we are not behind.
        while True:
            await asyncio.sleep(_QUESTION_INTERVAL_SECONDS)
            await self._send_status(wants_reply=True)

    async def _send_status(self, *, wants_reply: bool = False) -> None:
        self._status_sent_at = monotonic()
        clock = time.time_ns() // 1000 - _POSTGRES_EPOCH_MICROSECONDS
        position = self._confirmed
        async with self._sending:
            self._pgconn.put_copy_data(_STATUS.pack(b"r", position, position, position, clock, wants_reply))
            await flush(self._pgconn)
