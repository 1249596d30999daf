"""What the migration of files needs to know: stores, databases and the URLs that each side's objects have."""

from dataclasses import dataclass

from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.authority import Authority


@dataclass(frozen=True)
class FilesPlaces:
    """Where the files are, and what refers to them."""

    authority: Authority
    """Owner's connection to the database that has the authority: the switchboard, and the rows that hold URLs."""
    journal: PostgresSettings
    """The database of the AWS side, as its owner."""
    storage: PostgresSettings
    """The Supabase database, as its owner: storage.objects lies there whichever side has the authority."""
    supabase_store: AwsSettings
    """Supabase Storage over its S3 protocol: each Supabase bucket is a bucket there."""
    supabase_url: str
    """Public base URL, e.g. ``https://project.supabase.co/storage/v1/object/public``."""
    aws_store: AwsSettings
    aws_bucket: str
    """One bucket for everything; there, an object's key is its Supabase bucket, a slash and its name."""
    aws_url: str
    """Public base URL of the distribution."""
    supabase_bucket: str | None = None
    """Move this Supabase bucket only; then the keys on AWS are its objects' names, and both URLs are this bucket's."""
    parallel: int = 8
    """Objects under way at a time; memory is at most this many times two parts of 8 MiB."""
