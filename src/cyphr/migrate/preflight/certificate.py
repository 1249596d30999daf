"""A PostgreSQL server's TLS certificate, as its own handshake shows it."""

import asyncio
import contextlib
import ipaddress
import ssl
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cyphr.migrate.settings import DatabaseSettings

_SSL_REQUEST = struct.pack(">ii", 8, 80877103)
_SECONDS = 10.0


@dataclass(frozen=True)
class Certificate:
    """What the server proved who it is with."""

    subject: str
    issuer: str
    expires: datetime


def is_loopback(host: str) -> bool:
    """Whether nothing sent there leaves this machine."""
    if host == "localhost" or host.startswith("/"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


async def read_certificate(database: DatabaseSettings) -> Certificate | None:
    """Ask for TLS as libpq does and verify the chain and the name; None when the server offers no TLS.

    Raises ssl.SSLError when it cannot be verified, OSError when nobody answers.
    """
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection(database.host, database.port)
        try:
            writer.write(_SSL_REQUEST)
            if await reader.read(1) != b"S":
                return None
            await writer.start_tls(_trust(database), server_hostname=database.host)
            return _described(writer.get_extra_info("peercert"))
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


def _trust(database: DatabaseSettings) -> ssl.SSLContext:
    authorities = database.sslrootcert
    if authorities is None:  # libpq's default
        own = Path("~/.postgresql/root.crt").expanduser()
        authorities = own if own.exists() else "system"
    return ssl.create_default_context(cafile=None if authorities == "system" else str(authorities))


def _described(certificate: dict[str, object]) -> Certificate:
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return Certificate(_name(certificate["subject"]), _name(certificate["issuer"]), expires)


def _name(parts: object) -> str:
    assert isinstance(parts, tuple)
    pairs = {key: value for part in parts for key, value in part}
    return str(pairs.get("commonName") or pairs.get("organizationName") or "unnamed")
