"""Folders for servers, in memory where there is room.

What a test shows does not depend on a disk, but a server waits for one all the time: to begin, to make a database and
to drop it. What was acknowledged outlives a killed server here as well.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyphr.embedded.process import record

_MEMORY = Path("/dev/shm")
_ROOM_NEEDED = 6 << 30
_PREFIX = "cyphr-test-"


@contextmanager
def passable_folder() -> Iterator[Path]:
    """A folder that every account may pass through, unlike pytest's own, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX}{os.getpid()}-", dir=_place(), ignore_cleanup_errors=True
    ) as made:
        Path(made).chmod(0o711)
        yield Path(made)


def _place() -> Path | None:
    if not os.access(_MEMORY, os.W_OK):
        return None
    for left in _MEMORY.glob(f"{_PREFIX}*"):
        if record(int(left.name.removeprefix(_PREFIX).partition("-")[0])) is None:
            shutil.rmtree(left, ignore_errors=True)  # by a run that was killed; nobody else gives the memory back
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM_NEEDED else None
