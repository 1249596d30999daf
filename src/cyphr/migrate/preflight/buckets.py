"""The buckets of both sides are there and may be used; the target's may be written and serves browsers."""

import asyncio
from secrets import token_hex
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import s3_client
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok, warning
from cyphr.migrate.settings import FilesSettings


async def _look(context: Context) -> Finding:
    if context.settings.files is None:
        return ok("[files] is left out: files are not moved")
    return await asyncio.to_thread(_try_buckets, context, context.settings.files)


def _try_buckets(context: Context, files: FilesSettings) -> Finding:
    source, target = s3_client(files.supabase_storage), s3_client(context.settings.aws)
    step = "list the buckets of Supabase Storage"
    try:
        buckets = [bucket["Name"] for bucket in source.list_buckets()["Buckets"]]
        if files.supabase_bucket is not None and files.supabase_bucket not in buckets:
            return failure(f"Supabase Storage has no bucket {files.supabase_bucket}; it has {', '.join(buckets)}")
        step = f"list the objects of {files.aws_bucket}"
        target.list_objects_v2(Bucket=files.aws_bucket, MaxKeys=1)
        step = f"write into {files.aws_bucket}, read and delete there (with its encryption key, if it has one)"
        _probe(target, files.aws_bucket)
    except (ClientError, BotoCoreError) as error:
        return failure(f"it was not possible to {step}: {error}")
    if not _has_cors(target, files.aws_bucket):
        return warning(
            f"{files.aws_bucket} has no CORS rules",
            "Give the bucket CORS rules for the web client's origin if browsers upload to it; or accept.",
        )
    return ok(f"{len(buckets)} buckets of Supabase Storage; {files.aws_bucket} can be listed, written and deleted from")


def _probe(client: Any, bucket: str) -> None:
    """Write, read and delete: a bucket with a key of KMS needs leave for the key in both directions."""
    key = f"cyphr-check-{token_hex(8)}"
    client.put_object(Bucket=bucket, Key=key, Body=b"cyphr")
    client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.delete_object(Bucket=bucket, Key=key)


def _has_cors(client: Any, bucket: str) -> bool:
    try:
        return bool(client.get_bucket_cors(Bucket=bucket)["CORSRules"])
    except (ClientError, BotoCoreError):
        return False


CHECK = Check(
    name="buckets",
    worst=Level.FAILURE,
    why="A bucket that is misspelt or may not be written stops the copy of files; one without CORS breaks uploads from "
    "browsers after the handover.",
    mend="Look at the bucket's name, its region and the policy of the key: s3:ListBucket, GetObject, PutObject, "
    "DeleteObject, and kms:GenerateDataKey and Decrypt for a key of KMS.",
    look=_look,
)
