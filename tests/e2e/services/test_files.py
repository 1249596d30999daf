"""Files move to S3 and back: the same bytes, types and URLs, whatever happens in between."""

import asyncio
import os
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.files import FilesMigration, FilesPlaces, handover
from cyphr.migrate.files.store import Store
from tests.conftest import TestSide
from tests.e2e.services.conftest import Bucket, Databases

OLD = "https://example.supabase.co/storage/v1/object/public/"
NEW = "https://files.example.org/"


async def execute(side: TestSide, query: Any, *parameters: Any) -> list[tuple[Any, ...]]:
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(query, parameters)
        return await cursor.fetchall() if cursor.description else []


async def upload(databases: Databases, bucket: Bucket, key: str, body: bytes) -> None:
    """What Supabase Storage does: the object, and its row."""
    bucket.put(key, body, ContentType="image/png", CacheControl="max-age=3600")
    await execute(
        databases.sides[Side.SUPABASE],
        "insert into storage.objects (bucket_id, name) values (%s, %s) on conflict do nothing",
        *key.split("/", 1),
    )


async def test_objects_arrive_with_bytes_type_cache_and_metadata(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    large = os.urandom(20 * 1024 * 1024 + 7)
    await upload(databases, buckets[Side.SUPABASE], "avatars/a/портрет 1.png", b"picture")
    await upload(databases, buckets[Side.SUPABASE], "avatars/empty", b"")
    await upload(databases, buckets[Side.SUPABASE], "avatars/large", large)
    buckets[Side.SUPABASE].put("avatars/m", b"m", Metadata={"by": "anna"}, ContentType="audio/ogg")
    await files.copy()
    progress = await files.progress()
    assert (progress["objects_copied"], progress["bytes_copied"]) == (4, len(large) + 8)
    target = buckets[Side.AWS]
    assert target.get("avatars/large") == large
    found = target.find("avatars/a/портрет 1.png")
    assert found["Body"].read() == b"picture"
    assert (found["ContentType"], found["CacheControl"]) == ("image/png", "max-age=3600")
    found = target.find("avatars/m")
    assert (found["ContentType"], found["Metadata"]) == ("audio/ogg", {"by": "anna"})
    verification = await files.verify()
    assert (verification.checked, verification.differences) == (4, [])
    assert verification.notes == ["avatars/m: an object without a row of storage.objects"]
    assert await files.follow_once() == 0


async def test_new_changed_and_deleted_objects_are_followed(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    source, target = buckets[Side.SUPABASE], buckets[Side.AWS]
    for name in ("changed", "deleted", "kept"):
        await upload(databases, source, f"avatars/{name}", name.encode())
    target.put("avatars/not-ours", b"put here by another")
    await files.copy()
    source.put("avatars/changed", b"other bytes")
    source.put("avatars/new", b"new")
    source.delete("avatars/deleted")
    assert await files.follow_once() == 3
    assert await files.follow_once() == 0
    assert target.keys() == ["avatars/changed", "avatars/kept", "avatars/new", "avatars/not-ours"]
    assert target.get("avatars/changed") == b"other bytes"
    assert (await files.verify()).differences == ["avatars/not-ours: only on aws"]


async def test_verification_finds_and_mends_bytes_that_changed_on_the_other_side(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    await upload(databases, buckets[Side.SUPABASE], "avatars/a", b"right")
    await files.copy()
    buckets[Side.AWS].put("avatars/a", b"wrong")
    assert (await files.verify()).differences == []
    assert buckets[Side.AWS].get("avatars/a") == b"right"
    buckets[Side.AWS].put("avatars/b", b"unknown to the source")
    await execute(
        databases.sides[Side.SUPABASE], "insert into storage.objects (bucket_id, name) values ('avatars', 'gone')"
    )
    verification = await files.verify()
    assert verification.differences == ["avatars/b: only on aws"]
    assert verification.notes == ["avatars/gone: a row of storage.objects without an object"]


URLS = [
    f"{OLD}avatars/a.png",
    f"{OLD}avatars/ü%20x.png?t=1#f",
    OLD,
    "https://example.supabase.co/storage/v1/object/publicity/a.png",
    "https://elsewhere.example.org/avatars/a.png",
    f"{NEW}avatars/was-there-before.png",
    f"see {OLD}avatars/a.png",
    "",
    None,
]


async def test_urls_are_rewritten_and_the_way_back_undoes_it_exactly(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    for url in URLS:
        await execute(side, "insert into users (full_name, avatar_url) values ('x', %s)", url)
        await execute(side, "insert into chats (name, avatar_url) values ('x', %s)", url)
        await execute(
            side,
            "insert into messages (chat_id, sender_id, file_url, thumbnail_url)"
            " select (select id from chats limit 1), (select id from users limit 1), %s, %s",
            url,
            url,
        )
    everything = (
        "select id, avatar_url from users union all select id, avatar_url from chats"
        " union all select id, file_url from messages union all select id, thumbnail_url from messages order by 1, 2"
    )
    before = await execute(side, everything)
    timing = await files.handover(Side.AWS)
    assert 0 < timing.drain_ms <= timing.fence_ms
    given = [url for url in URLS if url is not None]
    rewritten = await execute(side, "select avatar_url from users where avatar_url <> all (%s)", given)
    assert sorted(rewritten) == sorted((url.replace(OLD, NEW),) for url in given[:3])
    after = "insert into users (full_name, avatar_url) values ('uploaded since', %s)"
    await execute(side, after, f"{NEW}avatars/since.png")
    await files.handover(Side.SUPABASE)
    [(since,)] = await execute(side, "delete from users where full_name = 'uploaded since' returning avatar_url")
    assert since == f"{OLD}avatars/since.png"
    assert await execute(side, everything) == before


async def test_after_a_handover_uploads_go_on_on_the_other_side_and_come_back_with_the_handback(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    await upload(databases, buckets[Side.SUPABASE], "avatars/a", b"first")
    await upload(databases, buckets[Side.SUPABASE], "avatars/b", b"to be deleted")
    await files.handover(Side.AWS)
    assert await switchboard(side) == [("aws", 2)]
    assert buckets[Side.AWS].keys() == ["avatars/a", "avatars/b"]
    buckets[Side.AWS].put("avatars/a", b"second")
    buckets[Side.AWS].put("avatars/c", b"new", ContentType="image/webp")
    buckets[Side.AWS].delete("avatars/b")
    again = await files.handover(Side.AWS)
    assert (again.fence_ms, await switchboard(side)) == (0, [("aws", 2)])
    assert buckets[Side.AWS].get("avatars/a") == b"second"
    await files.handover(Side.SUPABASE)
    assert await switchboard(side) == [("supabase", 3)]
    assert buckets[Side.SUPABASE].keys() == ["avatars/a", "avatars/c"]
    assert buckets[Side.SUPABASE].get("avatars/a") == b"second"
    assert await execute(side, "select name, metadata ->> 'mimetype' from storage.objects order by 1") == [
        ("a", "application/octet-stream"),
        ("c", "image/webp"),
    ]
    assert (await files.verify()).differences == []


async def switchboard(side: TestSide) -> list[tuple[Any, ...]]:
    return await execute(side, "select side, epoch from cyphr.switchboard where service = 'files'")


async def test_a_handover_waits_for_an_upload_under_way_and_takes_it_along(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    async with await connect(side.owner) as uploading, uploading.transaction():
        await uploading.execute("select side from cyphr.switchboard where service = 'files' for share")
        moving = asyncio.create_task(files.handover(Side.AWS))
        while not await execute(side, "select 1 from pg_locks where not granted"):
            assert not moving.done()
            await asyncio.sleep(0.01)
        buckets[Side.SUPABASE].put("avatars/late", b"late")
        await uploading.execute("insert into users (full_name, avatar_url) values ('x', %s)", [f"{OLD}avatars/late"])
    await moving
    assert buckets[Side.AWS].get("avatars/late") == b"late"
    assert await execute(side, "select avatar_url from users") == [(f"{NEW}avatars/late",)]


class Crashed(Exception):
    pass


def crash_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, calls: int) -> None:
    """Make the ``calls``-th call of a function fail, as if the process had died there."""
    real, left = getattr(owner, name), [calls]

    def crashing(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Crashed
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, crashing)


@pytest.mark.parametrize(
    ("owner", "name", "calls"),
    [
        (Store, "copy_to", 3),
        (Store, "describe", 2),
        (Store, "delete", 1),
        (Store, "list_objects", 3),
        (Store, "list_objects", 5),
        (handover, "_rewrite_urls", 1),
    ],
)
async def test_a_crash_anywhere_is_mended_by_running_it_again(
    files: FilesMigration,
    buckets: dict[Side, Bucket],
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    calls: int,
) -> None:
    source, side = buckets[Side.SUPABASE], databases.sides[Side.SUPABASE]
    await upload(databases, source, "avatars/gone", b"gone")
    await files.copy()
    source.delete("avatars/gone")
    await execute(side, "delete from storage.objects")
    for number in range(6):
        await upload(databases, source, f"avatars/{number}", b"%d" % number)
    await execute(side, "insert into users (full_name, avatar_url) values ('x', %s)", f"{OLD}avatars/1")
    with monkeypatch.context() as patch:
        crash_after(patch, owner, name, calls)
        with pytest.raises(Crashed):
            await files.handover(Side.AWS)
    assert await switchboard(side) == [("supabase", 1)]
    assert await execute(side, "select avatar_url from users") == [(f"{OLD}avatars/1",)]
    await files.handover(Side.AWS)
    assert buckets[Side.AWS].keys() == source.keys() == [f"avatars/{number}" for number in range(6)]
    assert await execute(side, "select avatar_url from users") == [(f"{NEW}avatars/1",)]
    assert (await files.verify()).differences == []


async def test_a_part_that_fails_leaves_no_half_object(
    files: FilesMigration, buckets: dict[Side, Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets[Side.SUPABASE].put("avatars/large", os.urandom(17 * 1024 * 1024))
    real = Store.put_parts

    def failing(self: Store, key: str, parts: Any, attributes: Any) -> None:
        def broken() -> Any:
            yield next(parts)
            raise Crashed

        real(self, key, broken(), attributes)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put_parts", failing)
        with pytest.raises(Crashed):
            await files.copy()
    target = buckets[Side.AWS]
    assert target.keys() == []
    assert not target.client.list_multipart_uploads(Bucket=target.name).get("Uploads")
    await files.copy()
    assert target.keys() == ["avatars/large"]


async def test_a_database_that_moves_meanwhile_is_met_on_the_other_side(
    files: FilesMigration, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = databases.sides[Side.SUPABASE]
    await execute(fenced, "create trigger fence before update on users execute function cyphr.refuse_write()")
    await execute(databases.sides[Side.AWS], "update cyphr.switchboard set side = 'supabase' where service = 'files'")
    tries: list[Side] = []
    real = databases.authority

    async def authority() -> psycopg.AsyncConnection:
        tries.append(databases.side)
        connection = await real()
        if len(tries) == 2:  # the handover's own transaction is under way when the fence stands
            databases.side = Side.AWS
        return connection

    places = files._places
    moved = FilesMigration(FilesPlaces(**{**places.__dict__, "authority": authority}))
    await moved.handover(Side.AWS)
    assert tries == [Side.SUPABASE, Side.SUPABASE, Side.AWS]
    assert await switchboard(fenced) == [("supabase", 1)]
    assert await switchboard(databases.sides[Side.AWS]) == [("aws", 2)]


async def test_a_store_that_cannot_be_reached_is_unavailable_and_nothing_moves(
    files: FilesMigration, databases: Databases
) -> None:
    places = files._places
    broken = FilesMigration(FilesPlaces(**{**places.__dict__, "aws_bucket": "no-such-bucket"}))
    with pytest.raises(Unavailable, match="no-such-bucket"):
        await broken.handover(Side.AWS)
    assert await switchboard(databases.sides[Side.SUPABASE]) == [("supabase", 1)]


async def test_one_bucket_alone_keeps_its_names_and_moves_its_own_urls(
    places: FilesPlaces, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    files = FilesMigration(
        replace(places, supabase_bucket="avatars", supabase_url=f"{OLD}avatars", aws_url=NEW.rstrip("/"))
    )
    side = databases.sides[Side.SUPABASE]
    await upload(databases, buckets[Side.SUPABASE], "avatars/anna/a.png", b"a")
    await execute(side, "insert into users (full_name, avatar_url) values ('x', %s)", f"{OLD}avatars/anna/a.png")
    await files.prepare()
    await files.copy()
    await files.handover(Side.AWS)
    assert await execute(side, "select avatar_url from users") == [(f"{NEW}anna/a.png",)]
    assert buckets[Side.AWS].get("anna/a.png") == b"a"
    buckets[Side.AWS].put("anna/b.png", b"b")
    assert (await files.verify()).differences == []
    await files.handover(Side.SUPABASE)
    assert buckets[Side.SUPABASE].get("avatars/anna/b.png") == b"b"
    assert await execute(side, "select avatar_url from users") == [(f"{OLD}avatars/anna/a.png",)]


async def test_an_object_under_no_known_bucket_is_named_and_stops_nothing(
    files: FilesMigration, buckets: dict[Side, Bucket], databases: Databases
) -> None:
    await files.handover(Side.AWS)
    buckets[Side.AWS].put("elsewhere/a", b"a")
    assert await files.follow_once() == 0
    assert (await files.verify()).differences == ["elsewhere/a: only on aws, under the name of no Supabase bucket"]
