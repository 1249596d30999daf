"""The messengers that are measured: how each is installed, filled with people, started and talked to."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bench.conversations import Line, Person


@dataclass(frozen=True)
class Cast:
    """Who there is, by number from 0: the two of each pair, then the group's members, then those who only listen.

    Chats are numbered too: the pairs' from 0, then the group's.
    """

    pairs: int
    members: int
    idle: int
    history: int
    """Messages that each pair has exchanged before, so that a database is measured that is in use."""

    @property
    def people(self) -> int:
        return 2 * self.pairs + self.members + self.idle

    @property
    def group(self) -> int:
        """The chat of the group."""
        return self.pairs

    @property
    def speaker_of_group(self) -> int:
        return 2 * self.pairs

    @property
    def listeners_of_group(self) -> Sequence[int]:
        return range(self.speaker_of_group + 1, self.speaker_of_group + self.members)

    @property
    def idle_people(self) -> Sequence[int]:
        return range(2 * self.pairs + self.members, self.people)

    def counts(self) -> dict[str, int]:
        """The same for SQL."""
        return {"pairs": self.pairs, "members": self.members, "people": self.people, "history": self.history}


class Messenger(Protocol):
    """One contender. ``missing``: why it cannot be measured here."""

    name: str
    missing: str | None

    async def set_up(self) -> None:
        """Install it, and make its database with everybody in it."""

    def running(self) -> AbstractAsyncContextManager[Sequence[int]]:
        """The server, started on a database with nothing but history in it; the pids of its processes."""

    async def connect(self, number: int, chat: int | None, person: Person, *, speaker: int | None = None) -> Line:
        """Sign somebody in and let them into ``chat``. ``speaker``: whom they listen to; None: they speak themselves.

        Without a chat they are only there.
        """


POOL = 8
"""Connections to PostgreSQL that each server may use."""

HANDSHAKE_SECONDS = 60.0
"""How long a WebSocket may take to open: thousands do at once."""
