"""A PostgreSQL server of our own: made, started, stopped, found again after a crash.

It listens on 127.0.0.1 only, on a port that the system chose and the folder remembers, and asks for a SCRAM password.
PostgreSQL refuses to run as root, so under root it runs as an unprivileged account; its data then lies in the folder
if that account can get there, else under ``/var/tmp``. No folder that we did not make has its mode changed.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import psycopg
from pydantic import SecretStr

from cyphr.embedded.binaries import Version, installation, reachable_installation, root_owned_folder
from cyphr.embedded.ports import choose_port, remember_port
from cyphr.embedded.process import (
    ProcessRecord,
    is_alive,
    last_lines,
    record,
    run_as,
    spawn,
    terminate,
    unprivileged_account,
)
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Conflict, NotAllowed, Unavailable
from cyphr.foundation.settings import PostgresSettings

_START_SECONDS = 120.0  # a crash recovery may have gigabytes of WAL to replay
_ROOM_NEEDED = 400 * 1024 * 1024
_STILL_GOING_DOWN = "pre-existing shared memory block"
_PORT_TAKEN = "could not create any TCP/IP sockets"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "wal_level": "logical",
    "max_connections": "100",
    "max_locks_per_transaction": "512",  # a schema is restored in one transaction, and its tables fenced in one
    "max_replication_slots": "20",
    "max_wal_senders": "20",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# The passwords are long and random, so that to guess them takes as long with few rounds; both ends go through all of
# them for each connection.
_FEW_ROUNDS = {"scram_iterations": "16"}
# For tests only: what a test wrote need not survive the machine losing power.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresCluster:
    """One server and its data. ``async with`` starts and stops it."""

    def __init__(
        self,
        version: Version,
        folder: Path,
        *,
        superuser: str,
        password: SecretStr,
        port: int | None = None,
        durable: bool = True,
        parameters: Mapping[str, str] = MappingProxyType({}),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``folder``: where it keeps its log and notes (and its data, if the server can reach it). ``port``: insist on
        this one instead of any free one. ``parameters``: of the server, instead of and beside ours. ``say``: told what
        a person should know while it starts.
        """
        self.version = version
        self.folder = folder.resolve()  # the server says where its data is without any `..`
        self.superuser = superuser
        self.log = self.folder / "server.log"
        self._password = password
        self._wanted_port = port
        self._port: int | None = None
        self._process: ProcessRecord | None = None
        rounds = _FEW_ROUNDS if version >= 16 else {}
        self._parameters = {**_SETTINGS, **rounds, **({} if durable else _NOT_DURABLE), **parameters}
        self._initdb_options = [*_initdb_options(rounds), *([] if durable else ["--no-sync"])]
        self._account = unprivileged_account()
        self._say = say

    async def __aenter__(self) -> "PostgresCluster":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The TCP port of the running server."""
        assert self._port is not None, "the server has not been started"
        return self._port

    @property
    def process(self) -> ProcessRecord:
        """The server process, to be found again by whoever stops it later."""
        assert self._process is not None, "the server has not been started"
        return self._process

    @property
    def data(self) -> Path:
        """Where the server keeps its data."""
        return Path(self._notes()["data"])

    def settings(self, dbname: str, user: str | None = None, password: SecretStr | None = None) -> PostgresSettings:
        """How to reach ``dbname``; as the superuser unless ``user`` and ``password`` are given."""
        return PostgresSettings(
            host="127.0.0.1",
            port=self.port,
            dbname=dbname,
            user=user or self.superuser,
            password=password if user else self._password,
            sslmode="disable",
        )

    def last_log_lines(self, count: int = 20) -> str:
        """The end of the server's log."""
        return last_lines(self.log, count)

    async def start(self) -> None:
        """Make the cluster if there is none, start it and wait until it answers.

        Raises Conflict (already running, port taken), NotAllowed (the folder is another's) or Unavailable (with the
        last lines of the server's log).
        """
        self._make_folder()
        programs = await asyncio.to_thread(reachable_installation, installation(self.version), self._account, self._say)
        if "data" not in self._notes():
            await asyncio.to_thread(self._initialise, programs)
        self._refuse_second_start(self.data)
        deadline = monotonic() + _START_SECONDS
        while not await self._try_start(programs, choose_port(self._wanted_port, self.folder), deadline):
            pass
        remember_port(self.port, self.folder)

    async def stop(self) -> None:
        """End every connection and shut down cleanly. Does nothing when it is not running."""
        if self._process is not None:
            await terminate(self._process, signal.SIGINT)
        self._process = None

    async def destroy(self) -> None:
        """Stop it and remove everything it ever wrote."""
        if self._process is not None:
            # Not SIGINT: a clean end waits, a minute at worst, until a receiver that reads no more has everything.
            await terminate(self._process, signal.SIGQUIT)
            self._process = None
        data = self._notes().get("data")
        if data is not None:
            # The folder around the data, when it is not ours but one that was made under /var/tmp for it.
            around = Path(data).parent
            await asyncio.to_thread(shutil.rmtree, data if around == self.folder else around, ignore_errors=True)
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    # What the folder remembers: where the data is, which version made it.

    def _notes(self) -> dict[str, Any]:
        try:
            notes: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text())
        except FileNotFoundError:
            return {}
        return notes

    def _note(self, **changes: Any) -> None:
        draft = self.folder / "cluster.json.new"
        draft.write_text(json.dumps(self._notes() | changes, indent=2) + "\n")
        draft.replace(self.folder / "cluster.json")

    # Making it.

    def _make_folder(self) -> None:
        try:
            missing = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
            self.folder.mkdir(parents=True, exist_ok=True)
            for folder in missing:  # others must be able to pass through, whatever the umask says
                folder.chmod(0o711)
            if not os.access(self.folder, os.W_OK):
                raise PermissionError(f"{self.folder} is not writable")
        except (PermissionError, NotADirectoryError, FileExistsError, OSError) as error:
            raise NotAllowed(
                f"cannot keep a PostgreSQL server in {self.folder}: {error}; choose another folder"
            ) from error

    def _initialise(self, programs: Path) -> None:
        data = self._place_for_data()
        self._refuse_second_start(data)
        free = shutil.disk_usage(data.parent).free
        if free < _ROOM_NEEDED:
            raise Unavailable(
                f"the disk under {data.parent} is full: {free >> 20} MB are free, a PostgreSQL server needs at least "
                f"{_ROOM_NEEDED >> 20} MB"
            )
        secret = data.parent / f"{data.name}.password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._password.get_secret_value() + "\n")
        self._give(secret)
        shutil.rmtree(data, ignore_errors=True)  # what an initdb that was killed left behind
        data.mkdir(mode=0o700)
        self._give(data)
        try:
            options: list[str | Path] = ["-D", data, "-U", self.superuser, f"--pwfile={secret}", *self._initdb_options]
            result = run_as(self._account, [programs / "bin/initdb", *options])
        finally:
            secret.unlink()
        if result.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise Unavailable(f"PostgreSQL {self.version} could not be set up in {data}:\n{result.stdout.strip()}")
        self._note(version=self.version, data=str(data))

    def _place_for_data(self) -> Path:
        if self._account is None or self._can_pass(self.folder):
            return self.folder / "data"
        name = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        data = root_owned_folder(f"cyphr-{name}") / "data"
        self._say(
            f"account {self._account.name!r}, which runs PostgreSQL, cannot enter {self.folder}; data is in {data}"
        )
        return data

    def _can_pass(self, folder: Path) -> bool:
        return run_as(self._account, ["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    # Starting it.

    def _refuse_second_start(self, data: Path) -> None:
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return
        except PermissionError as error:
            raise NotAllowed(
                f"the data in {data} belongs to another account; run as the one that made it, or begin afresh"
            ) from error
        if record(pid) is None:
            return  # left by a crash; the server sees that itself
        if str(data) in _command_line(pid):
            raise Conflict(f"PostgreSQL already runs on {data} as process {pid}; stop it first", pid=pid)
        # The pid of a crashed server was given to another process, which PostgreSQL would take for a live server.
        (data / "postmaster.pid").unlink()

    async def _try_start(self, programs: Path, port: int, deadline: float) -> bool:
        """True when it answers; False when the port was taken meanwhile and another may be tried."""
        parameters = [f"--{name}={value}" for name, value in self._parameters.items()]
        offset = self.log.stat().st_size if self.log.exists() else 0
        known = spawn(
            [programs / "bin/postgres", "-D", self.data, "-p", str(port), *parameters],
            log=self.log,
            note=self.folder / "process.json",
            account=self._account,
        )
        self._process, self._port = known, port
        if await self._answers(known, deadline):
            return True
        self._process = self._port = None
        text = self.log.read_text(errors="replace")[offset:] if offset < 1 << 30 else ""
        if _PORT_TAKEN in text and self._wanted_port is None and monotonic() < deadline:
            (self.folder / "port").unlink(missing_ok=True)
            return False
        if _STILL_GOING_DOWN in text and monotonic() < deadline:
            await asyncio.sleep(0.2)  # the last processes of a killed server are still ending
            return False
        raise Unavailable(
            f"PostgreSQL {self.version} did not come up; the end of its log {self.log}:\n{self.last_log_lines()}"
        )

    async def _answers(self, known: ProcessRecord, deadline: float) -> bool:
        arguments = self.settings("template1").connection_arguments()
        while is_alive(known):
            try:
                async with await psycopg.AsyncConnection.connect(**arguments, connect_timeout=5) as connection:
                    await self._verify_identity(connection)
                    return True
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    await terminate(known, signal.SIGINT)
                    raise NotAllowed(
                        f"the PostgreSQL in {self.folder} has another password than the one that was kept; begin afresh"
                    ) from error
                if monotonic() > deadline:
                    await terminate(known, signal.SIGINT)
                    raise Unavailable(
                        f"PostgreSQL {self.version} does not answer ({error}); the end of its log {self.log}:\n"
                        f"{self.last_log_lines()}"
                    ) from error
            await asyncio.sleep(0.03)
        return False

    async def _verify_identity(self, connection: psycopg.AsyncConnection) -> None:
        cursor = await connection.execute("show data_directory")
        row = await cursor.fetchone()
        if row is None or Path(row[0]) != self.data:
            raise Conflict(f"another PostgreSQL answers on port {self.port}; nothing was changed in it")


def _initdb_options(parameters: dict[str, str]) -> list[str]:
    # Both servers get the same plain collation, so that an order or an index means the same on both sides.
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-instructions"]
    return [*options, *(f"--set={name}={value}" for name, value in parameters.items())]


def _command_line(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""
