"""What stands before the buckets: Supabase's public object addresses, and the CloudFront distribution.

Both are paths of the messenger's own address, so that a browser needs to know only one.
"""

import asyncio

from botocore.exceptions import ClientError
from fastapi import APIRouter
from fastapi.responses import Response

from cyphr.embedded.addresses import CLOUDFRONT_PATH, PUBLIC_BUCKET, SUPABASE_PATH
from cyphr.foundation.aws import s3_client
from cyphr.foundation.errors import NotFound
from cyphr.foundation.settings import AwsSettings

_PRIVATE_PREFIXES = ("attachments/", "voice-messages/")


class Gateway:
    """Serves public objects to anybody."""

    def __init__(self, settings: AwsSettings, *, files_bucket: str) -> None:
        self._client = s3_client(settings)
        self._files_bucket = files_bucket

    def router(self) -> APIRouter:
        """The two families of addresses."""
        router = APIRouter(include_in_schema=False)

        @router.get(SUPABASE_PATH + "/{bucket}/{name:path}")
        async def supabase_object(bucket: str, name: str) -> Response:
            if bucket != PUBLIC_BUCKET:
                raise NotFound(f"there is no public bucket {bucket!r}")
            return await self._read(bucket, name)

        @router.get(CLOUDFRONT_PATH + "/{name:path}")
        async def cloudfront_object(name: str) -> Response:
            if name.startswith(_PRIVATE_PREFIXES):
                raise NotFound(f"there is no public object {name!r}")
            return await self._read(self._files_bucket, name)

        return router

    async def _read(self, bucket: str, name: str) -> Response:
        try:
            content, headers = await asyncio.to_thread(self._download, bucket, name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                raise NotFound(f"there is no object {name!r}") from error
            raise
        return Response(content, headers=headers)

    def _download(self, bucket: str, name: str) -> tuple[bytes, dict[str, str]]:
        found = self._client.get_object(Bucket=bucket, Key=name)
        headers = {
            "content-type": found["ContentType"],
            "etag": found["ETag"],
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",  # what people upload never runs as ours
        }
        if "CacheControl" in found:
            headers["cache-control"] = found["CacheControl"]
        return found["Body"].read(), headers
