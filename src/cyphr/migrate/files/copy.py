"""Copy: bring over what is there. Running it again copies only what is not on both sides alike."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.files.progress import FilesProgress
from cyphr.migrate.files.synchronisation import Synchronisation


async def copy_objects(synchronisation: Synchronisation, source: Side, progress: FilesProgress) -> int:
    """Copy every object of ``source``; how many had to be."""
    listed = await synchronisation.list_side(source)
    progress.objects_total, progress.bytes_total = len(listed), sum(one.size for one in listed.values())
    copied = await synchronisation.run(source, progress)
    progress.objects_copied, progress.bytes_copied = progress.objects_total, progress.bytes_total
    return copied
