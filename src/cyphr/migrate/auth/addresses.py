"""Who gets an address that several people have: in a pool one address signs in one person.

First whoever proved it to Cyphr by a code. Then, of Supabase Auth's users, who confirmed it; not through single
sign-on; who signed in last; who came first. The others keep it as an unverified attribute, where an operator
finds it, and are named by their id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection

from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.authority import Authority, with_authority


@dataclass(frozen=True)
class Contested:
    """Addresses that several users of Supabase Auth have, however they are written, and which of them holds each."""

    holders: Mapping[str, UUID | None]

    def loser(self, email: str, user_id: UUID, proven: Mapping[str, UUID]) -> UUID | None:
        """Who holds ``email``, when it is not this person; ``proven``: whose an address is by Cyphr's own code."""
        holder = proven.get(email) or self.holders.get(email)
        return holder if holder != user_id else None


async def read_contested(authority: Authority, supabase: AsyncConnection) -> Contested:
    """Find the addresses that occur more than once. Only these are held in memory."""
    rows = await (await supabase.execute(queries.read_contested)).fetchall()
    everybody = [user_id for _, claimants in rows for user_id in claimants]

    async def with_another_address(connection: AsyncConnection) -> set[UUID]:
        cursor = await connection.execute(queries.who_has_proven_an_address, {"user_ids": everybody})
        return {user_id for (user_id,) in await cursor.fetchall()}

    elsewhere = await with_authority(authority, with_another_address) if everybody else set()
    return Contested({email: _first(claimants, elsewhere) for email, claimants in rows})


def _first(claimants: Iterable[UUID], elsewhere: set[UUID]) -> UUID | None:
    return next((user_id for user_id in claimants if user_id not in elsewhere), None)
