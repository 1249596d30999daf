"""What runs of the stack in a folder, found and stopped by whichever process asks; it needs nothing of what runs."""

import fcntl
import os
import signal
from pathlib import Path

from cyphr.embedded.process import ProcessRecord, is_alive, read_note, terminate, terminate_group

LOCK = "stack.lock"
"""The file that whoever runs a stack holds locked."""
SERVERS = {
    "migrator": signal.SIGTERM,  # a rehearsal's
    "messenger": signal.SIGTERM,
    "aws": signal.SIGTERM,
    "postgres-supabase": signal.SIGINT,
    "postgres-aws": signal.SIGINT,
}
"""In the order in which they are stopped, with the signal that each takes as "finish and end"."""


async def stop_stack(folder: Path) -> list[str]:
    """Stop whatever runs of the stack in ``folder``, started by whichever process; the names of what was stopped.

    A process is stopped only if it is the very one that the stack started: its pid and its start time are compared.
    """
    stopped: list[str] = []
    supervisor = read_note(folder / LOCK)
    if supervisor is not None and supervisor.pid != os.getpid() and _is_locked(folder):
        await terminate(supervisor, signal.SIGTERM, patience=60.0)  # it stops its servers itself
        stopped.append(f"process {supervisor.pid} with its servers")
    return stopped + await stop_servers(folder)


async def stop_servers(folder: Path) -> list[str]:
    """Stop what noted itself in ``folder``, also what a crash left behind; the names of what was stopped."""
    running: list[tuple[str, ProcessRecord]] = []
    for name in SERVERS:
        known = read_note(folder / name / "process.json")
        if known is not None:
            running.append((name, known))
    for name, known in running:
        await terminate_group(known, SERVERS[name])
    return [name for name, known in running if not is_alive(known)]


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
