"""What the migration of auth needs to know: who the people are, and the pool they get their counterparts in."""

from dataclasses import dataclass

from cyphr.foundation.sealing import Sealer
from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.authority import Authority


@dataclass(frozen=True)
class AuthPlaces:
    """Where people are known, and where they will be."""

    authority: Authority
    """Owner's connection to the database that has the authority: the switchboard, people, addresses and links."""
    journal: PostgresSettings
    """The database of the AWS side, as its owner."""
    supabase: PostgresSettings
    """The Supabase database, as its owner: auth.users stays there whichever side has the authority."""
    aws: AwsSettings
    user_pool_id: str
    quota_factor: float = 1.0
    """How many times AWS's default quotas the account has."""
    sealer: Sealer | None = None
    """Seals authenticators' secrets as the messenger opens them; None: they stay at Supabase."""
    parallel: int = 8
    """Requests to Cognito under way at a time."""
