"""Where bytes are kept: S3, or Supabase Storage over its S3 protocol."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_queries = load_queries(__package__)


class FileStore(Protocol):
    """One side's place for public files."""

    async def put(self, name: str, content: bytes, media_type: str) -> None:
        """Store ``content`` under ``name``. Raises Unavailable."""
        ...

    async def record(self, transaction: Transaction, name: str, size: int, media_type: str) -> None:
        """Write down, in the transaction of the row that will point at it, that the object exists."""
        ...

    def url(self, name: str) -> str:
        """The public address of an object."""
        ...


class S3Files:
    """A bucket, and the distribution in front of it. ``folder``: where in the bucket, e.g. ``avatars/``."""

    def __init__(self, client: "S3Client", bucket: str, base_url: str, *, folder: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._base_url = base_url.rstrip("/")
        self._folder = folder

    async def put(self, name: str, content: bytes, media_type: str) -> None:
        def upload() -> None:
            # A name is never used twice, so that whoever has the file may keep it.
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._folder + name,
                Body=content,
                ContentType=media_type,
                CacheControl="public, max-age=31536000, immutable",
            )

        try:
            await asyncio.to_thread(upload)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the bucket {self._bucket} did not take the file; try again") from error

    async def record(self, transaction: Transaction, name: str, size: int, media_type: str) -> None:
        """S3 keeps its own list."""

    def url(self, name: str) -> str:
        return f"{self._base_url}/{self._folder}{name}"


class SupabaseFiles(S3Files):
    """A Supabase bucket over its S3 protocol. Supabase lists objects in ``storage.objects``, so they go there too."""

    async def record(self, transaction: Transaction, name: str, size: int, media_type: str) -> None:
        await transaction.execute(
            _queries.record_object, bucket=self._bucket, name=name, size=size, media_type=media_type
        )
