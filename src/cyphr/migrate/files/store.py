"""One side's objects, over the S3 protocol. Blocking: called in threads."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import s3_client
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.settings import AwsSettings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PART = 8 * 1024 * 1024
_KEPT = ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Metadata")


@dataclass(frozen=True)
class StoredObject:
    """What a listing says. ``version`` changes with the bytes and with the metadata."""

    key: str
    version: str
    size: int

    @property
    def place(self) -> dict[str, str]:
        """Bucket and name as Supabase says it: the key's first part, and the rest."""
        bucket_id, _, name = self.key.partition("/")
        return {"bucket_id": bucket_id, "name": name}


@dataclass(frozen=True)
class Content:
    """An object's bytes, by their SHA-256, and what is served with them."""

    size: int
    sha256: str
    attributes: dict[str, Any]


class ObjectChanged(Exception):
    """The object was replaced or deleted since it was listed; the next round sees it as it is then."""


class Store:
    """The objects of one side, by keys of the form ``{bucket_id}/{name}``.

    ``bucket``: the one bucket that holds everything under such keys; None: each ``bucket_id`` is a bucket of its own.
    ``implied``: the beginning of every key that the one bucket leaves out.
    """

    def __init__(self, settings: AwsSettings, bucket: str | None, *, implied: str = "") -> None:
        self._implied = implied
        self._bucket = bucket
        self._client: S3Client = s3_client(settings)

    def list_objects(self, bucket_ids: Iterable[str]) -> dict[str, StoredObject]:
        """Every object by key; ``bucket_ids``: those that exist. Raises Unavailable when a bucket cannot be listed."""
        if self._bucket is not None:
            return self._list(self._bucket, self._implied)
        return {key: one for bucket in bucket_ids for key, one in self._list(bucket, f"{bucket}/").items()}

    def _list(self, bucket: str, prefix: str) -> dict[str, StoredObject]:
        objects: dict[str, StoredObject] = {}
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for entry in page.get("Contents", []):
                    key = prefix + entry["Key"]
                    objects[key] = StoredObject(key, _version(entry), entry["Size"])
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the objects of bucket {bucket} cannot be listed: {error}") from error
        return objects

    def describe(self, key: str) -> StoredObject:
        """One object as a listing would show it. Raises ObjectChanged when it is not there."""
        place = self._place(key)
        found = self._client.list_objects_v2(Bucket=place["Bucket"], Prefix=place["Key"], MaxKeys=1).get("Contents", [])
        if not found or found[0]["Key"] != place["Key"]:
            raise ObjectChanged
        return StoredObject(key, _version(found[0]), found[0]["Size"])

    def read(self, key: str) -> Content:
        """An object's SHA-256 and attributes. Raises ObjectChanged when it is not there."""
        response = self._get(key)
        digest, size = hashlib.sha256(), 0
        with closing(response["Body"]) as body:
            for block in _blocks(body):
                digest.update(block)
                size += len(block)
        return Content(size, digest.hexdigest(), _attributes(response))

    def copy_to(self, target: "Store", source: StoredObject) -> Content:
        """Stream an object to another store, in parts where it is large. Every part carries its SHA-256.

        Raises ObjectChanged when it is no longer as listed.
        """
        response = self._get(source.key, IfMatch=source.version.split(" ")[0])
        attributes, digest = _attributes(response), hashlib.sha256()
        with closing(response["Body"]) as body:
            blocks = _hashed(_blocks(body), digest)
            if source.size <= _PART:
                target.put(source.key, next(blocks, b""), attributes)
            else:
                target.put_parts(source.key, blocks, attributes)
        return Content(source.size, digest.hexdigest(), attributes)

    def put(self, key: str, body: bytes, attributes: dict[str, Any]) -> None:
        self._client.put_object(**self._place(key), Body=body, ChecksumAlgorithm="SHA256", **attributes)

    def put_parts(self, key: str, parts: Iterator[bytes], attributes: dict[str, Any]) -> None:
        """A multipart upload, abandoned as a whole when any part fails."""
        place: dict[str, Any] = self._place(key)
        created = self._client.create_multipart_upload(**place, ChecksumAlgorithm="SHA256", **attributes)
        place["UploadId"] = created["UploadId"]
        done: list[Any] = []
        try:
            for number, part in enumerate(parts, start=1):
                sent = self._client.upload_part(**place, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256")
                checksum = {"ChecksumSHA256": sent["ChecksumSHA256"]} if "ChecksumSHA256" in sent else {}
                done.append({"PartNumber": number, "ETag": sent["ETag"], **checksum})
            self._client.complete_multipart_upload(**place, MultipartUpload={"Parts": done})
        except BaseException:
            self._client.abort_multipart_upload(**place)
            raise

    def delete(self, key: str) -> None:
        self._client.delete_object(**self._place(key))

    def _place(self, key: str) -> dict[str, Any]:
        if self._bucket is not None:
            return {"Bucket": self._bucket, "Key": key.removeprefix(self._implied)}
        bucket, _, name = key.partition("/")
        return {"Bucket": bucket, "Key": name}

    def _get(self, key: str, **condition: Any) -> Any:
        try:
            return self._client.get_object(**self._place(key), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404", "PreconditionFailed", "412"):
                raise ObjectChanged from error
            raise


def _version(entry: Any) -> str:
    return f"{entry['ETag']} {entry['LastModified'].timestamp():.3f}"


def _blocks(body: Any) -> Iterator[bytes]:
    while block := body.read(_PART):
        yield block


def _hashed(blocks: Iterator[bytes], digest: Any) -> Iterator[bytes]:
    for block in blocks:
        digest.update(block)
        yield block


def _attributes(response: Any) -> dict[str, Any]:
    return {name: response[name] for name in _KEPT if response.get(name)}
