"""Auth: every person gets a counterpart in a Cognito user pool, and keeps the id they have.

Passwords and PINs are not imported: Cognito takes no foreign hashes. PINs go on being checked against their argon2
hash, which the database's migration brings along.
"""

from cyphr.migrate.auth.migration import AuthMigration
from cyphr.migrate.auth.places import AuthPlaces

__all__ = ["AuthMigration", "AuthPlaces"]
