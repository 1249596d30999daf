"""Notices that somebody changes the schema of the sending side while it is followed: the stream does not carry that.

Following stops before it goes on with half of a change, says what differs now that did not, and goes on by itself once
the same change was made on the receiving side.
"""

import asyncio

from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import ApplyConflict
from cyphr.foundation.queries import load_queries
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.schema import compare_schemas, fingerprint

_queries = load_queries("cyphr.migrate.database.sql", "handover.sql")

_PAUSE_SECONDS = 5.0
_PAUSES_PER_LOOK = 20.0  # reading the catalogue of thousands of tables is work, so it is at most this share of the time
_NAMED = 10


class SchemaWatch:
    """What was seen last of both schemas. Differences that were there from the start are the operator's choice."""

    def __init__(self) -> None:
        self._seen: str | None = None
        self._known: set[str] = set()

    async def watch(self, sender: AsyncConnection, receiver: AsyncConnection) -> list[str]:
        """Look again and again; return the tables of the sender that are on both sides and not followed, once there
        are any. Raises ApplyConflict when the sender's schema was changed and the receiver's was not.
        """
        while True:
            started = monotonic()
            await self._demand_alike(sender, receiver)
            cursor = await sender.execute(_queries.unmoved_tables, {"platform": PLATFORM_SCHEMAS})
            if new := [row[0] for row in await cursor.fetchall()]:
                return new
            await asyncio.sleep(max(_PAUSE_SECONDS, (monotonic() - started) * _PAUSES_PER_LOOK))

    def forget(self) -> None:
        """The receiver's schema is another one from here on: what differs now is what is known."""
        self._seen = None

    async def _demand_alike(self, sender: AsyncConnection, receiver: AsyncConnection) -> None:
        now = await fingerprint(sender)
        if now == self._seen:
            return
        differences = set(await compare_schemas(sender, receiver))
        if self._seen is None:
            self._known = differences
        elif new := sorted(differences - self._known):
            more = f"; and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
            raise ApplyConflict(
                f"the schema of the sending side was changed while it is followed: {'; '.join(new[:_NAMED])}{more}. "
                "Make the same change on the receiving side, as the tables' owner; following then goes on by itself.",
                differences=new,
            )
        self._seen = now
