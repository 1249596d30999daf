"""TLS on a real server. The wheel's servers have none, so this is Debian's PostgreSQL 15."""

import asyncio
import datetime
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from cyphr.embedded.ports import choose_port
from cyphr.embedded.process import run_as, spawn, terminate, unprivileged_account
from cyphr.foundation.clock import now
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.preflight.finding import Level
from cyphr.migrate.settings import MigrationSettings
from tests.e2e.migrate.preflight.conftest import Look, settings_of
from tests.e2e.migrate.traffic import until

_PROGRAMS = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.skipif(
    not (_PROGRAMS / "postgres").exists(), reason="Debian's PostgreSQL 15 is not installed; only it has TLS"
)


@dataclass(frozen=True)
class Authority:
    """A private authority that signs certificates."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    file: Path


def _sign(subject: str, key: ec.EllipticCurvePrivateKey, by: Authority | None, *names: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    alternatives: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(each)) if each[0].isdigit() else x509.DNSName(each) for each in names
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.name if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - datetime.timedelta(days=1))
        .not_valid_after(now() + datetime.timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(by.key if by else key, hashes.SHA256())


def make_authority(folder: Path, subject: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(subject, key, None)
    file = folder / f"{subject.replace(' ', '-')}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate.subject, key, file)


@dataclass(frozen=True)
class TlsServer:
    port: int
    trusted: Authority
    stranger: Authority


@pytest_asyncio.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TlsServer]:
    logs = tmp_path_factory.mktemp("tls")
    trusted, stranger = make_authority(logs, "Cyphr test authority"), make_authority(logs, "Somebody else")
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="cyphr-tls-", dir="/var/tmp"))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    data, port = folder / "data", choose_port(None, logs)
    made = await asyncio.to_thread(
        run_as, account, [_PROGRAMS / "initdb", "-D", data, "-U", "tls", "--auth=trust", "-E", "UTF8", "--locale=C"]
    )
    assert made.returncode == 0, made.stdout
    key = ec.generate_private_key(ec.SECP256R1())
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    _give(account, data / "server.crt", _sign("the server", key, trusted, "localhost").public_bytes(encoding))
    _give(account, data / "server.key", key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none))
    options = ["--ssl=on", "--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
    record = spawn(
        [_PROGRAMS / "postgres", "-D", data, "-p", str(port), *options],
        log=logs / "server.log",
        note=logs / "process.json",
        account=account,
    )
    try:
        await until(lambda: _answers(port))
        yield TlsServer(port, trusted, stranger)
    finally:
        await terminate(record, signal.SIGINT)
        shutil.rmtree(folder)


def _give(account: object, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    file.chmod(0o600)
    if account is not None:
        shutil.chown(file, file.parent.stat().st_uid, file.parent.stat().st_gid)


def _reach(port: int, **changes: object) -> PostgresSettings:
    base = {"host": "localhost", "port": port, "dbname": "postgres", "user": "tls", "password": SecretStr("none")}
    return PostgresSettings.model_validate(base | changes)


async def _answers(port: int) -> bool:
    try:
        await (await connect(_reach(port, sslmode="require"))).close()
    except Unavailable:
        return False
    return True


def _settings(server: TlsServer, folder: Path, **changes: object) -> MigrationSettings:
    verified = _reach(server.port, sslrootcert=server.trusted.file)
    return settings_of(verified, verified.model_copy(update=changes), folder)


async def test_a_certificate_is_named_with_its_authority_and_its_end(
    server: TlsServer, look: Look, tmp_path: Path
) -> None:
    found = await look("tls", _settings(server, tmp_path))
    assert found.level is Level.OK, found.saw
    assert "supabase: the server, signed by Cyphr test authority, until 20" in found.saw


async def test_a_certificate_that_ends_soon_is_a_warning(server: TlsServer, look: Look, tmp_path: Path) -> None:
    found = await look("tls", _settings(server, tmp_path), clock=lambda: now() + datetime.timedelta(days=70))
    assert (found.level, "which is soon" in found.saw) == (Level.WARNING, True), found.saw


async def test_a_certificate_of_another_authority_or_for_another_name_is_refused(
    server: TlsServer, look: Look, tmp_path: Path
) -> None:
    stranger = await look("tls", _settings(server, tmp_path, sslrootcert=server.stranger.file))
    assert (stranger.level, "certificate verify failed" in stranger.saw) == (Level.FAILURE, True), stranger.saw
    other_name = await look("tls", _settings(server, tmp_path, host="127.0.0.1"))
    assert (other_name.level, "does not match host name" in other_name.saw) == (Level.FAILURE, True), other_name.saw
    assert Side.AWS in other_name.saw


async def test_a_file_of_authorities_that_is_not_there_is_named(server: TlsServer, look: Look, tmp_path: Path) -> None:
    found = await look("tls", _settings(server, tmp_path, sslrootcert=tmp_path / "absent.pem"))
    assert (found.level, "absent.pem" in found.saw) == (Level.FAILURE, True), found.saw
