"""Child processes that may outlive us: started in a session of their own, known later by pid and start time."""

import asyncio
import json
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import NotAllowed, Unavailable

_POLL_SECONDS = 0.02
_UNPRIVILEGED = "nobody"
_children: set[int] = set()


@dataclass(frozen=True)
class Account:
    """The account of the machine that a server runs under."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class ProcessRecord:
    """What it takes to know a process again: a pid alone may since have been given to another."""

    pid: int
    started: float
    """Seconds since the epoch, as the system reports it."""


def unprivileged_account() -> Account | None:
    """The account that servers refusing root run under; None when we are not root and it is simply ours."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError as error:
        raise Unavailable(
            f"PostgreSQL refuses to run as root and this machine has no account {_UNPRIVILEGED!r} to run it under; "
            "run this as an ordinary user"
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def spawn(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    note: Path,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    folder: Path = Path("/"),
) -> ProcessRecord:
    """Start a process that holds neither our terminal nor any pipe of ours; its output is appended to ``log``.

    ``note``: where its record is written, for ``read_note``, should we not live to stop it ourselves.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own programs with our own arguments, no shell
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env=None if environment is None else dict(environment),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    child.returncode = 0  # it may outlive us, which is nothing to warn of; ``is_alive`` takes note of its end
    _children.add(child.pid)
    return write_note(note, child.pid)


def run_as(account: Account | None, arguments: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    """Run a short command to its end under ``account``; output and errors come back together in ``stdout``."""
    return subprocess.run(  # noqa: S603 - as above
        [str(argument) for argument in arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def record(pid: int) -> ProcessRecord | None:
    """The record of a living process, or None when there is none (a zombie is not living)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessRecord(pid, process.create_time())
    except psutil.NoSuchProcess:
        return None


def write_note(note: Path, pid: int) -> ProcessRecord:
    """Write down a process that runs now, for ``read_note``."""
    known = ProcessRecord(pid, psutil.Process(pid).create_time())
    note.write_text(json.dumps(asdict(known)) + "\n")
    return known


def read_note(note: Path) -> ProcessRecord | None:
    """The process that ``note`` names, if it still lives."""
    try:
        known = ProcessRecord(**json.loads(note.read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # ValueError: a crash in the middle of writing
        return None
    return known if is_alive(known) else None


def is_alive(known: ProcessRecord) -> bool:
    """Whether exactly this process, not another with its pid, still runs."""
    if record(known.pid) == known:
        return True
    if known.pid in _children:
        _children.discard(known.pid)
        with suppress(ChildProcessError):
            os.waitpid(known.pid, os.WNOHANG)
    return False


async def ended(known: ProcessRecord, seconds: float) -> bool:
    """Wait up to ``seconds`` for a process to end, ours or another's; whether it did."""
    deadline = monotonic() + seconds
    while is_alive(known):
        if monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


async def terminate(known: ProcessRecord, first: signal.Signals, *, patience: float = 20.0) -> None:
    """Send ``first`` and wait; after ``patience`` seconds kill. A process that is gone already is left at that."""
    for number, seconds in ((first, patience), (signal.SIGKILL, 10.0)):
        if not is_alive(known):
            return
        try:
            os.kill(known.pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise NotAllowed(f"process {known.pid} belongs to another account; stop it as that one") from error
        if await ended(known, seconds):
            return
    raise Unavailable(f"process {known.pid} does not end, not even when killed", pid=known.pid)


async def terminate_group(known: ProcessRecord, first: signal.Signals) -> None:
    """End a process that ``spawn`` started as ``terminate`` does, then kill what it started and left behind."""
    await terminate(known, first)
    # It led a group of its own. PostgreSQL's processes lead theirs, and end with their server.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(known.pid, signal.SIGKILL)


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log file, for an error message."""
    if not log.exists():
        return "(no log was written)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
