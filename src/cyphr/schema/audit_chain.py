"""Proving that the audit log is whole: the chain is hashed again, by code that the database cannot change.

What is found: an event that was changed, removed, put elsewhere or written without the trigger, a place that is
missing, and an end that was cut off. Who owns the database could write all three tables anew, consistently; that is
found by a ``seq:hash`` of an earlier proof that is kept elsewhere (``Anchor``).
"""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.queries import load_queries

_queries = load_queries("cyphr.schema", "audit_chain.sql")

_VERSION = "cyphr-audit-1,"
_BEGINNING = bytes(32)
_GUARDS = {"audit_log_chain", "audit_log_append_only", "audit_chain_append_only", "audit_head_stays"}
_PAGE = 2000


@dataclass(frozen=True)
class Anchor:
    """Where the chain stood at an earlier proof."""

    seq: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """Read ``seq:hash``. Raises InvalidInput."""
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip())
        if found is None:
            raise InvalidInput(f"{text!r} is no place of the chain; it looks like 42:64 hexadecimal digits")
        return cls(int(found[1]), bytes.fromhex(found[2]))

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


@dataclass(frozen=True)
class Flaw:
    """The first thing that is wrong. ``seq``: at which place; None for an event that has none."""

    seq: int | None
    event_id: UUID | None
    what: str


@dataclass(frozen=True)
class Proof:
    """How far the chain goes, and what is wrong with it; ``flaw`` None: nothing."""

    events: int
    end: Anchor
    flaw: Flaw | None


@dataclass(frozen=True)
class Event:
    """One event as operators see it."""

    seq: int
    at: datetime
    event: str
    actor: UUID | None
    subject: UUID | None
    session: UUID | None
    tenant: UUID | None
    address: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class _Place:
    seq: int
    event_id: UUID
    hash: bytes
    id: str | None
    at: str | None
    event: str | None
    actor: str | None
    subject: str | None
    session: str | None
    tenant: str | None
    address: str | None
    details: str | None

    def hashed_after(self, previous: bytes) -> bytes:
        fields = (
            str(self.seq), self.id, self.at, self.event, self.actor, self.subject, self.session, self.tenant,
            self.address, self.details,
        )  # fmt: skip
        canonical = _VERSION + "".join(_field(value) for value in fields)
        return hashlib.sha256(previous + canonical.encode()).digest()


async def prove(connection: AsyncConnection, since: Anchor | None = None) -> Proof:
    """Hash the whole chain again, in one snapshot. ``since``: a place that must still be there as it was.

    ``connection``: in autocommit mode, as a role that reads the tables whole.
    """
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        end, flaw = Anchor(0, _BEGINNING), None
        async for place in _places(connection):
            flaw = _flaw(place, end, since)
            if flaw is not None:
                break
            end = Anchor(place.seq, place.hash)
        return Proof(end.seq, end, flaw or await _flaw_around(connection, end, since))


async def list_events(
    connection: AsyncConnection,
    *,
    subject: UUID | None = None,
    event: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Event]:
    """Newest first. ``subject``: who did it or whose account it is; ``event``: a kind, or ``session.%``."""
    async with connection.cursor(row_factory=class_row(Event)) as cursor:
        parameters = {"subject": subject, "event": event, "before": before, "limit": limit}
        await cursor.execute(_queries.list_events, parameters)
        return await cursor.fetchall()


async def _places(connection: AsyncConnection) -> AsyncIterator[_Place]:
    # By a cursor of the server: the log of years does not fit into memory.
    async with connection.cursor("audit_chain", row_factory=class_row(_Place)) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(_queries.chain)
        async for place in cursor:
            yield place


def _flaw(place: _Place, end: Anchor, since: Anchor | None) -> Flaw | None:
    expected = end.seq + 1
    if place.seq != expected:
        return Flaw(expected, None, f"place {expected} is missing; the next one is {place.seq}")
    if place.id is None:
        return Flaw(place.seq, place.event_id, f"the event of place {place.seq} was removed")
    if place.hashed_after(end.hash) != place.hash:
        return Flaw(
            place.seq,
            place.event_id,
            f"the event of place {place.seq} is not what was hashed: it was changed, or put where another one stood",
        )
    if since is not None and place.seq == since.seq and place.hash != since.hash:
        return Flaw(place.seq, place.event_id, f"place {place.seq} has another hash than at the earlier proof")
    return None


async def _flaw_around(connection: AsyncConnection, end: Anchor, since: Anchor | None) -> Flaw | None:
    """What is wrong although every place fits the one before."""
    cursor = await connection.execute(_queries.head)
    head = await cursor.fetchone()
    stood = Anchor(0, _BEGINNING) if head is None else Anchor(head[0], bytes(head[1]))
    if stood != end:
        return Flaw(end.seq + 1, None, f"the chain ends at place {end.seq}, but its head stands at {stood.seq}")
    if since is not None and since.seq > end.seq:
        return Flaw(end.seq + 1, None, f"the chain ends at place {end.seq}, but it once reached {since.seq}")
    cursor = await connection.execute(_queries.unchained_event)
    loose = await cursor.fetchone()
    if loose is not None:
        return Flaw(None, loose[0], f"an event ({loose[1]}) has no place in the chain: it was written behind its back")
    cursor = await connection.execute(_queries.guards)
    missing = _GUARDS - {row[0] for row in await cursor.fetchall()}
    if missing:
        return Flaw(None, None, f"triggers that guard the log are off or gone: {', '.join(sorted(missing))}")
    return None


def _field(value: str | None) -> str:
    return "-," if value is None else f"{len(value.encode())}:{value},"
