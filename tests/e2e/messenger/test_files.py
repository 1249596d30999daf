"""Avatars go to the side on which files stand."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from psycopg.rows import dict_row

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.aws import s3_client
from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest_asyncio.fixture(scope="module")
async def stand_in(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AwsStandIn]:
    async with AwsStandIn(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest_asyncio.fixture
async def http(supabase: TestSide, token_key: Path, stand_in: AwsStandIn) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(
        supabase,
        token_key=token_key,
        files_supabase_bucket="avatars",
        files_supabase_url="https://project.supabase.co/storage/v1/object/public/avatars",
        files_aws_bucket=stand_in.names.files_bucket,
        files_aws_url="https://cdn.example.org/",
        aws=stand_in.settings,
    )
    async with serve(settings) as client:
        yield client


async def put(person: Client, content: bytes) -> httpx.Response:
    return await person.http.put("/v1/me/avatar", files={"file": ("avatar.png", content)}, headers=person.auth)


async def test_an_avatar_is_kept_where_files_stand_and_follows_them(
    http: httpx.AsyncClient, supabase: TestSide, stand_in: AwsStandIn
) -> None:
    anna = await register(http)
    s3 = s3_client(stand_in.settings)
    before = (await put(anna, PNG)).json()["avatar_url"]
    base = "https://project.supabase.co/storage/v1/object/public/avatars/"
    name = before.removeprefix(base)
    assert name.startswith(f"{anna.id}/")
    found = await asyncio.to_thread(s3.get_object, Bucket="avatars", Key=name)
    assert (found["ContentType"], found["Body"].read()) == ("image/png", PNG)
    async with await connect(supabase.superuser) as connection:
        cursor = await connection.cursor(row_factory=dict_row).execute(
            "select bucket_id, owner::text, metadata from storage.objects where name = %s", [name]
        )
        assert await cursor.fetchone() == {
            "bucket_id": "avatars",
            "owner": anna.id,
            "metadata": {"size": len(PNG), "mimetype": "image/png"},
        }
        await connection.execute("update cyphr.switchboard set side = 'aws', epoch = 2 where service = 'files'")
    after = (await put(anna, PNG)).json()["avatar_url"]
    key = after.removeprefix("https://cdn.example.org/")
    assert key.startswith(f"avatars/{anna.id}/")
    found = await asyncio.to_thread(s3.get_object, Bucket=stand_in.names.files_bucket, Key=key)
    assert found["Body"].read() == PNG
    assert (await anna.get("/v1/me"))["avatar_url"] == after


async def test_only_pictures_of_at_most_a_megabyte_are_taken(http: httpx.AsyncClient) -> None:
    anna = await register(http)
    for content in (b"", b"<svg onload=alert(1)>", PNG + bytes(1024 * 1024)):
        answer = await put(anna, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await put(anna, PNG + bytes(3 * 1024 * 1024))).status_code == 413
    assert (await anna.get("/v1/me"))["avatar_url"] is None


async def test_a_group_has_a_picture_where_files_stand_and_everybody_hears_of_it(
    http: httpx.AsyncClient, supabase: TestSide
) -> None:
    anna, boris = await register(http, "Anna"), await register(http, "Boris")
    chat = await anna.group("picture", [boris])
    path = f"/v1/chats/{chat}/picture"

    async def give(person: Client, content: bytes) -> httpx.Response:
        return await person.http.put(path, files={"file": ("picture.png", content)}, headers=person.auth)

    assert (await give(boris, PNG)).status_code == 403
    assert (await give(anna, b"<svg>")).status_code == 422
    first = (await give(anna, PNG)).json()["avatar_url"]
    assert first.startswith(f"https://project.supabase.co/storage/v1/object/public/avatars/{anna.id}/")
    async with await connect(supabase.superuser) as connection:
        await connection.execute("update cyphr.switchboard set side = 'aws', epoch = 2 where service = 'files'")
    second = (await give(anna, PNG)).json()["avatar_url"]
    assert second.startswith(f"https://cdn.example.org/avatars/{anna.id}/")
    assert (await anna.call("DELETE", path)).json()["avatar_url"] is None
    history = (await boris.get(f"/v1/chats/{chat}/messages"))["messages"]
    assert [json.loads(one["content"])["changes"] for one in history] == [
        {"avatar_url": first}, {"avatar_url": second}, {"avatar_url": None},
    ]  # fmt: skip
