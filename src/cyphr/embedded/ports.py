"""TCP ports of the loopback interface, and the one that a folder remembers."""

import socket
from pathlib import Path

from cyphr.foundation.errors import Conflict


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        # A connection of the last server that is only waiting to be forgotten does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None, folder: Path) -> int:
    """``wanted`` if given, else the port that ``folder`` remembers if it is free, else any free one.

    Raises Conflict when ``wanted`` is taken.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise Conflict(
                f"port {wanted} of 127.0.0.1 is taken; stop what listens there or choose another", port=wanted
            )
        return wanted
    try:
        port = int((folder / "port").read_text())
    except (FileNotFoundError, ValueError):
        return free_port()
    return port if is_free(port) else free_port()


def remember_port(port: int, folder: Path) -> None:
    """Make this the port that ``choose_port`` prefers for ``folder``."""
    (folder / "port").write_text(f"{port}\n")
