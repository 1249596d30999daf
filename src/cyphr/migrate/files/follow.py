"""Follow: keep the other side up with the one that has the authority."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.files.synchronisation import Synchronisation


async def follow_objects(synchronisation: Synchronisation, source: Side) -> int:
    """One round: new, changed and deleted objects; how many there were."""
    return await synchronisation.run(source)
