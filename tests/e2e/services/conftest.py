"""One pair of databases for these tests, emptied for each of them or for each file, and buckets and pools for each."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, LiteralString

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.aws import cognito_client, s3_client
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.auth import AuthMigration, AuthPlaces
from cyphr.migrate.files import FilesMigration, FilesPlaces
from tests.conftest import Server, TestSide

_numbers = itertools.count(1)


@dataclass
class Databases:
    """Both databases, and which of them has the authority."""

    sides: dict[Side, TestSide]
    side: Side = Side.SUPABASE

    async def authority(self) -> AsyncConnection:
        return await connect(self.sides[self.side].owner)

    async def empty(self) -> None:
        """Nobody is there, nothing was migrated, and every service stands where its database does."""
        self.side = Side.SUPABASE
        await asyncio.gather(*(_empty(side) for side in self.sides.values()))

    def auth_places(self, aws: AwsSettings, user_pool_id: str, **others: Any) -> AuthPlaces:
        """Where auth moves between: these databases, and a pool."""
        return AuthPlaces(
            authority=self.authority,
            journal=self.sides[Side.AWS].owner,
            supabase=self.sides[Side.SUPABASE].owner,
            aws=aws,
            user_pool_id=user_pool_id,
            **others,
        )


async def _empty(side: TestSide) -> None:
    async with await connect(side.owner) as connection, connection.transaction():
        for query in _EMPTY:
            await connection.execute(query)
        if side.side is Side.SUPABASE:
            await connection.execute("delete from storage.objects")
        await connection.execute("update cyphr.switchboard set side = %s, epoch = 1", [side.side])


_EMPTY: tuple[LiteralString, ...] = (
    "drop trigger if exists fence on public.users",
    "drop table if exists cyphr.auth_accounts, cyphr.files, cyphr.file_urls_kept, cyphr.file_url_bases",
    "delete from public.messages",
    "delete from public.chats",
    "delete from public.users",
    "delete from auth.users",
    "delete from public.cognito_accounts",
    "delete from public.sign_in_methods",
    "delete from public.imported_passwords",
    "delete from public.returning_passwords",
    "delete from public.ways_back",
)


@pytest_asyncio.fixture(scope="session")
async def pair(supabase_server: Server, aws_server: Server) -> AsyncIterator[Databases]:
    async with (
        supabase_server.database(supabase_server.full) as supabase,
        aws_server.database(aws_server.full) as aws,
    ):
        yield Databases({Side.SUPABASE: supabase, Side.AWS: aws})


@pytest_asyncio.fixture
async def databases(pair: Databases) -> Databases:
    await pair.empty()
    return pair


@dataclass
class Bucket:
    """One side's objects as a test sees them, by keys that begin with ``avatars/`` on both sides."""

    client: Any
    name: str
    prefix: str = ""

    def put(self, key: str, body: bytes, **attributes: Any) -> None:
        self.client.put_object(Bucket=self.name, Key=key.removeprefix(self.prefix), Body=body, **attributes)

    def get(self, key: str) -> bytes:
        return bytes(self.find(key)["Body"].read())

    def find(self, key: str) -> Any:
        return self.client.get_object(Bucket=self.name, Key=key.removeprefix(self.prefix))

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key.removeprefix(self.prefix))

    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return sorted(self.prefix + entry["Key"] for entry in found)


@pytest.fixture
def buckets(stand_in: AwsStandIn) -> dict[Side, Bucket]:
    client = s3_client(stand_in.settings)
    for name in stand_in.names.supabase_buckets:
        for entry in client.list_objects_v2(Bucket=name).get("Contents", []):
            client.delete_object(Bucket=name, Key=entry["Key"])
    target = f"aws-{next(_numbers)}"
    client.create_bucket(Bucket=target)
    return {Side.SUPABASE: Bucket(client, "avatars", "avatars/"), Side.AWS: Bucket(client, target)}


@pytest.fixture
def places(databases: Databases, buckets: dict[Side, Bucket], stand_in: AwsStandIn) -> FilesPlaces:
    return FilesPlaces(
        authority=databases.authority,
        journal=databases.sides[Side.AWS].owner,
        storage=databases.sides[Side.SUPABASE].owner,
        supabase_store=stand_in.settings,
        supabase_url="https://example.supabase.co/storage/v1/object/public",
        aws_store=stand_in.settings,
        aws_bucket=buckets[Side.AWS].name,
        aws_url="https://files.example.org",
    )


@pytest.fixture
def files(places: FilesPlaces) -> FilesMigration:
    return FilesMigration(places)


@dataclass
class Pool:
    """A user pool as a test sees it."""

    client: Any
    id: str

    def users(self) -> dict[str, dict[str, Any]]:
        """By ``custom:user_id``: the attributes, with ``Username`` and ``Enabled``."""
        found = {}
        for user in self.client.list_users(UserPoolId=self.id)["Users"]:
            attributes = {one["Name"]: one["Value"] for one in user["Attributes"]}
            found[attributes["custom:user_id"]] = attributes | {
                "Username": user["Username"],
                "Enabled": user["Enabled"],
            }
        return found


def make_pool(stand_in: AwsStandIn, **arguments: Any) -> Pool:
    client = cognito_client(stand_in.settings)
    attribute = {
        "Name": "user_id",
        "AttributeDataType": "String",
        "Mutable": False,
        "StringAttributeConstraints": {"MinLength": "36", "MaxLength": "36"},
    }
    pool = client.create_user_pool(PoolName=f"pool-{next(_numbers)}", Schema=[attribute], **arguments)  # type: ignore[list-item]
    return Pool(client, pool["UserPool"]["Id"])


@pytest.fixture
def pool(stand_in: AwsStandIn) -> Pool:
    return make_pool(stand_in, AliasAttributes=["email"])


@pytest.fixture
def auth_places(databases: Databases, pool: Pool, stand_in: AwsStandIn) -> AuthPlaces:
    return databases.auth_places(stand_in.settings, pool.id)


@pytest.fixture
def auth(auth_places: AuthPlaces) -> AuthMigration:
    return AuthMigration(auth_places)
