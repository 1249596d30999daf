"""Whom a request came from: set by the edge, read wherever a session or the audit log remembers a place."""

from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True)
class Caller:
    """What the network says of a request. None: not known, as for what the clock starts."""

    address: str | None = None
    user_agent: str | None = None

    @property
    def inet(self) -> str | None:
        """The address as PostgreSQL takes it; None for a socket's file name and the like."""
        try:
            return None if self.address is None else str(ip_address(self.address.partition("%")[0]))
        except ValueError:
            return None


_UNKNOWN = Caller()

caller: ContextVar[Caller] = ContextVar("caller", default=_UNKNOWN)
"""Set for the time of a request or a WebSocket."""


def current_caller() -> Caller:
    """Whom the present request came from."""
    return caller.get()
