"""What simulated people remember: every acknowledged write, every failed request, every wait.

Ids are strings. Times named ``…_at`` are wall clock, in seconds since 1970; those named ``…_clock`` are on the clock
that never jumps (``foundation.clock.monotonic``), in seconds; waits are in milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

Kind = Literal["message", "read", "chat", "avatar", "session", "code", "argon2", "fetch", "resume"]
"""What a wait was for. ``read`` is a watermark (received or read); ``session`` a refresh or a sign-out; ``code`` asking
for a code by mail; ``argon2`` whatever hashes a PIN (register, sign in, change the PIN), slow on purpose; ``fetch`` and
``resume`` write nothing."""

WRITES: frozenset[Kind] = frozenset({"message", "read", "chat", "avatar", "session"})
"""The kinds whose wait is that of a write and little else."""


@dataclass
class Account:
    """Somebody who registered. ``pin`` is the one that must work now; None while it is unknown which of two does."""

    user_id: str
    email: str
    cyphr_id: str
    full_name: str
    pin: str | None


@dataclass
class ChatMade:
    id: str
    type: str
    name: str | None
    member_ids: list[str]


@dataclass
class MessageSent:
    """A message that was acknowledged. The times are those of the first sending and of the first acknowledgement."""

    client_id: str
    message_id: str
    chat_id: str
    seq: int
    sender_id: str
    sha256: str
    ts: str
    via: Literal["socket", "http"]
    sent_at: float
    sent_clock: float
    acknowledged_at: float
    acknowledged_clock: float


@dataclass
class Watermark:
    """The highest seqs that the server acknowledged for a person in a chat."""

    user_id: str
    chat_id: str
    received_seq: int = 0
    read_seq: int = 0


@dataclass
class Avatar:
    """The last avatar that was acknowledged."""

    user_id: str
    url: str
    sha256: str


@dataclass
class PinChange:
    user_id: str
    pin: str
    acknowledged_at: float


@dataclass
class Failure:
    """A request that did not get the answer that the contract promises."""

    at: float
    person: str
    what: str
    detail: str


@dataclass
class Wait:
    """How long a request took to be answered."""

    started_at: float
    wait_ms: float
    kind: Kind

    @property
    def ended_at(self) -> float:
        return self.started_at + self.wait_ms / 1000


@dataclass
class Record:
    """All that one run of simulated people remembers. Written and read as JSON."""

    url: str
    started_at: float
    ended_at: float = 0.0
    accounts: dict[str, Account] = field(default_factory=dict)
    """By user id."""
    chats: dict[str, ChatMade] = field(default_factory=dict)
    """By chat id."""
    messages: dict[str, MessageSent] = field(default_factory=dict)
    """By client id."""
    unacknowledged: list[str] = field(default_factory=list)
    """Client ids that were sent and never acknowledged: the row may be there or not, and neither is wrong."""
    watermarks: dict[str, Watermark] = field(default_factory=dict)
    """By ``user id/chat id``."""
    avatars: dict[str, Avatar] = field(default_factory=dict)
    """By user id."""
    uncertain_avatars: list[str] = field(default_factory=list)
    """Users whose last upload failed, so that either picture may be there."""
    pin_changes: list[PinChange] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    delivery_problems: list[str] = field(default_factory=list)
    """What was delivered wrongly or not at all, as sentences. Empty when all is well."""
    received: int = 0
    requests: int = 0
    resumes: int = 0
    reconnects: int = 0
    """Times that somebody went to the other endpoint because the server said so."""
    repeats: int = 0
    """Messages that were sent twice on purpose."""
    gaps: int = 0
    """Times that a seq was missing for half a second, so that history was fetched."""
    cpu_seconds: float = 0.0

    def longest_wait(self, start: float, end: float, kinds: Iterable[Kind] = WRITES) -> Wait | None:
        """The longest wait that overlaps the time from ``start`` to ``end`` (wall clock), or None."""
        wanted = frozenset(kinds)
        overlapping = (w for w in self.waits if w.kind in wanted and w.started_at <= end and w.ended_at >= start)
        return max(overlapping, key=lambda wait: wait.wait_ms, default=None)

    def watermark(self, user_id: str, chat_id: str) -> Watermark:
        """The watermark of a person in a chat, made when there is none yet."""
        return self.watermarks.setdefault(f"{user_id}/{chat_id}", Watermark(user_id, chat_id))

    def include(self, other: "Record") -> None:
        """Remember what others remember, too, who wrote no messages."""
        self.accounts |= other.accounts
        self.failures += other.failures
        self.waits += other.waits
        self.requests += other.requests

    def write(self, path: Path) -> None:
        """Write the record as JSON, whole or not at all."""
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(_ADAPTER.dump_json(self))
        partial.replace(path)

    @staticmethod
    def read(path: Path) -> "Record":
        """The record that ``write`` wrote."""
        return _ADAPTER.validate_json(path.read_bytes())


_ADAPTER = TypeAdapter(Record)
