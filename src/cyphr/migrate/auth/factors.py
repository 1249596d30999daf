"""Authenticators on their way from Supabase Auth to our own table: the same secret, sealed with a key of ours.

Each is brought once, and again when it changes there; so one that its owner removed here stays removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor

from cyphr.foundation.sealing import Sealer
from cyphr.migrate.auth.accounts import Account, Factor, queries


@dataclass(frozen=True)
class Factors:
    """What is to be written for a batch of people."""

    imported: list[dict[str, Any]] = field(repr=False)
    removed: list[dict[str, Any]] = field(repr=False)

    async def write(self, cursor: AsyncCursor) -> None:
        """Write it, in the transaction of ``cursor``. May be repeated."""
        await cursor.executemany(queries.import_factor, self.imported)
        await cursor.executemany(queries.remove_factor, self.removed)
        await cursor.executemany(queries.remove_recovery_codes, self.removed)


async def import_factors(
    supabase: AsyncConnection, sealer: Sealer | None, batch: Sequence[tuple[Account, tuple[Factor, ...]]]
) -> Factors:
    """Read and seal the secrets that these people have and had not; beside each, what was brought of them before."""
    if sealer is None:
        return Factors([], [])
    missing = [factor.id for account, before in batch for factor in set(account.factors) - set(before)]
    rows: list[Any] = []
    if missing:
        rows = await (await supabase.execute(queries.read_factor_secrets, {"ids": missing})).fetchall()
    imported = [
        {
            "id": factor_id,
            "user_id": user_id,
            "name": name,
            "secret": sealer.seal(secret.encode(), factor_id.bytes),
            "created_at": created_at,
        }
        for factor_id, user_id, name, secret, created_at in rows
    ]
    removed = [
        {"id": factor_id, "user_id": account.user_id}
        for account, before in batch
        for factor_id in _ids(before) - _ids(account.factors)
    ]
    return Factors(imported, removed)


def _ids(factors: Sequence[Factor]) -> set[UUID]:
    return {factor.id for factor in factors}
