"""People as the databases know them, merged from Cyphr's own tables and from Supabase Auth."""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection

from cyphr.foundation.queries import load_queries
from cyphr.migrate.authority import Authority, with_authority

queries = load_queries(__package__)


@dataclass(frozen=True)
class Account:
    """What a person's counterpart must look like."""

    user_id: UUID
    email: str | None
    email_verified: bool
    name: str
    disabled: bool

    @property
    def attributes(self) -> dict[str, str]:
        """Cognito's attributes; what is empty or false is left out."""
        attributes = {"custom:user_id": str(self.user_id)}
        if self.email is not None:
            attributes["email"] = self.email
        if self.email is not None and self.email_verified:
            attributes["email_verified"] = "true"
        if self.name:
            attributes["name"] = self.name
        return attributes

    @property
    def fingerprint(self) -> str:
        """Changes whenever the counterpart must."""
        text = json.dumps([self.attributes, self.disabled], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Link:
    """Which Cognito user is a person's counterpart."""

    user_id: UUID
    username: str
    sub: str


async def read_accounts(
    authority: Authority, supabase: AsyncConnection
) -> tuple[dict[UUID, Account], dict[UUID, Link]]:
    """Everyone whom Cyphr or Supabase Auth knows, and the links there are.

    Everything is read, not what changed since a time: nobody sets ``updated_at`` when an account is banned or a ban
    ends, and a deleted row has none.
    """

    async def work(connection: AsyncConnection) -> tuple[dict[UUID, Link], dict[UUID, Account]]:
        links = {row[0]: Link(*row) for row in await (await connection.execute(queries.read_links)).fetchall()}
        people = await (await connection.execute(queries.read_people)).fetchall()
        # An address in account_emails got there by a code that was mailed to it.
        return links, {
            user_id: Account(user_id, email, email is not None, name or "", disabled=False)
            for user_id, name, email in people
        }

    links, accounts = await with_authority(authority, work)
    users = await (await supabase.execute(queries.read_supabase_users)).fetchall()
    for user_id, email, confirmed, banned, name in users:
        known = accounts.get(user_id)
        own_email = known.email if known is not None else None
        address = own_email or (email.lower() if email else None)
        accounts[user_id] = Account(
            user_id, address, bool(own_email) or confirmed, (known.name if known else "") or name, banned
        )
    return accounts, links
