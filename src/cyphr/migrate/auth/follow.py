"""Follow: whoever registers, changes, is banned or leaves does so in the pool as well.

The databases stay where people are written down whichever side auth stands on, so this goes one way only.
"""

from cyphr.migrate.auth.synchronisation import AuthProgress, Synchronisation


async def follow_users(synchronisation: Synchronisation, progress: AuthProgress) -> int:
    """One round; how many people had changed."""
    changes = await synchronisation.run()
    progress.changes_followed += changes
    return changes
