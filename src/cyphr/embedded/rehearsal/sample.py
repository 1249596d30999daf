"""What is on the Supabase side before the rehearsal begins: a backup, pictures, and as much history as wanted."""

import asyncio
import struct
import zlib
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from cyphr.foundation.aws import s3_client
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import AwsSettings

_queries = load_queries("cyphr.embedded.rehearsal")


async def grow_history(connection: AsyncConnection, rows: int) -> None:
    """Add ``rows`` old messages between the people of the backup, as the tables' owner."""
    if rows > 0:
        await connection.execute(_queries.add_history, {"rows": rows})
        await connection.execute(_queries.number_history)


async def put_avatars(connection: AsyncConnection, aws: AwsSettings, bucket: str, base_url: str) -> int:
    """Give everybody in the database a picture in Supabase Storage, and its address; how many."""
    cursor = await connection.execute("select id from public.users order by id")
    people: list[UUID] = [row[0] for row in await cursor.fetchall()]
    client = s3_client(aws)
    for person in people:
        name = f"{person}/avatar.png"
        picture = _picture(person.int)
        stored: Any = await asyncio.to_thread(
            client.put_object,
            Bucket=bucket, Key=name, Body=picture, ContentType="image/png", CacheControl="max-age=3600",
        )  # fmt: skip
        await connection.execute(
            _queries.add_avatar,
            {"name": name, "owner": person, "size": len(picture), "etag": stored["ETag"], "url": f"{base_url}/{name}"},
        )
    return len(people)


def _picture(seed: int) -> bytes:
    """A small PNG of one colour that ``seed`` decides (PNG specification, ISO/IEC 15948)."""
    colour = bytes((seed >> shift) & 0xFF for shift in (0, 8, 16))
    pixels = zlib.compress(b"".join(b"\x00" + colour * 64 for _ in range(64)))
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )
