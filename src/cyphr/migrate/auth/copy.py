"""Copy: everyone who is there gets a counterpart. Running it again makes only those that are missing."""

from cyphr.migrate.auth.synchronisation import AuthProgress, Synchronisation


async def copy_users(synchronisation: Synchronisation, progress: AuthProgress) -> None:
    """Give everyone a counterpart."""
    progress.users_refused = 0
    await synchronisation.run(progress)
