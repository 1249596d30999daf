"""How far the migration of files is."""

from dataclasses import dataclass


@dataclass
class FilesProgress:
    """What has been done so far, for people and machines."""

    objects_total: int = 0
    objects_copied: int = 0
    bytes_total: int = 0
    bytes_copied: int = 0
    changes_followed: int = 0
