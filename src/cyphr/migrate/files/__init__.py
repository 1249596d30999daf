"""Files: from Supabase Storage to S3 and, by the same code with the sides swapped, back."""

from cyphr.migrate.files.migration import FilesMigration
from cyphr.migrate.files.places import FilesPlaces

__all__ = ["FilesMigration", "FilesPlaces"]
