"""The checks of buckets, of the user pool and of a secret, against the AWS stand-in."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import pytest_asyncio
from pydantic import SecretStr

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.aws import cognito_client, metrics_client, s3_client
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.preflight import buckets as buckets_check
from cyphr.migrate.preflight import cognito as cognito_check
from cyphr.migrate.preflight import disk as disk_check
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level
from cyphr.migrate.settings import AuthSettings, DatabaseSettings, FilesSettings, MigrationSettings
from tests.conftest import Server, TestSide
from tests.e2e.services.conftest import Bucket


@pytest_asyncio.fixture(scope="module")
async def supabase_bare(supabase_server: Server) -> AsyncIterator[TestSide]:
    async with supabase_server.database(supabase_server.bare) as side:
        yield side


@pytest_asyncio.fixture(scope="module")
async def aws_bare(aws_server: Server) -> AsyncIterator[TestSide]:
    async with aws_server.database(aws_server.bare) as side:
        yield side


@pytest.fixture
def settings(
    supabase_bare: TestSide, aws_bare: TestSide, stand_in: AwsStandIn, buckets: dict[Side, Bucket]
) -> MigrationSettings:
    def database(side: TestSide) -> DatabaseSettings:
        return DatabaseSettings(**side.owner.model_dump(exclude_none=True))

    return MigrationSettings(
        supabase_database=database(supabase_bare),
        aws_database=database(aws_bare),
        aws=stand_in.settings,
        files=FilesSettings(
            supabase_storage=stand_in.settings,
            supabase_url="http://supabase",
            aws_bucket=buckets[Side.AWS].name,
            aws_url="http://aws",
        ),
        auth=AuthSettings(user_pool_id=stand_in.names.user_pool_id),
    )


async def look(check: Check, settings: MigrationSettings, **files: Any) -> Finding:
    if files:
        assert settings.files is not None
        settings = settings.model_copy(update={"files": settings.files.model_copy(update=files)})
    async with Context.open(settings, {}) as context:
        return await check.look(context)


async def test_a_disk_of_rds_is_looked_at_and_one_that_cannot_be_is_said_to_be_unknown(
    settings: MigrationSettings,
) -> None:
    async with Context.open(settings, {}) as context:
        elsewhere = await disk_check.CHECK.look(context)
        assert (elsewhere.level, "is not known" in elsewhere.saw) == (Level.OK, True), elsewhere.saw
        root = settings.aws.model_copy(
            update={
                "access_key_id": "test",
                "secret_access_key": SecretStr("test"),
                "secret_access_key_file": None,
            }
        )
        found = {}
        for instance, free in (("roomy", 10**12), ("narrow", 1_000_000), ("silent", None)):
            if free is not None:
                where = [{"Name": "DBInstanceIdentifier", "Value": instance}]
                metrics_client(root).put_metric_data(
                    Namespace="AWS/RDS",
                    MetricData=[{"MetricName": "FreeStorageSpace", "Dimensions": where, "Value": free}],
                )
            host = f"{instance}.c9akciq32.us-east-1.rds.amazonaws.com"
            database = settings.aws_database.model_copy(update={"host": host})
            context.settings = settings.model_copy(update={"aws_database": database, "aws": root})
            found[instance] = await disk_check.CHECK.look(context)
        assert (found["roomy"].level, "1,000,000 MB are free on roomy" in found["roomy"].saw) == (Level.OK, True)
        assert (found["narrow"].level, "1 MB are free on narrow" in found["narrow"].saw) == (Level.WARNING, True)
        assert (found["silent"].level, "knows nothing" in found["silent"].saw) == (Level.WARNING, True)
        context.settings = context.settings.model_copy(update={"aws": settings.aws})  # whose policy does not allow it
        unknown = await disk_check.CHECK.look(context)
        assert (unknown.level, "not authorized" in unknown.saw) == (Level.WARNING, True), unknown.saw


async def test_a_bucket_that_is_not_there_or_lets_nobody_write_is_named(settings: MigrationSettings) -> None:
    absent = await look(buckets_check.CHECK, settings, aws_bucket="no-such-bucket")
    assert (absent.level, "list the objects of no-such-bucket" in absent.saw) == (Level.FAILURE, True), absent.saw
    misspelt = await look(buckets_check.CHECK, settings, supabase_bucket="avatar")
    assert (misspelt.level, "no bucket avatar" in misspelt.saw) == (Level.FAILURE, True), misspelt.saw
    wrong_key = settings.aws.model_copy(
        update={"secret_access_key": SecretStr("wrong"), "secret_access_key_file": None}
    )
    refused = await look(buckets_check.CHECK, settings, supabase_storage=wrong_key)
    assert (refused.level, "list the buckets" in refused.saw) == (Level.FAILURE, True), refused.saw


async def test_a_bucket_without_cors_rules_is_a_warning_and_the_probe_leaves_nothing(
    settings: MigrationSettings, stand_in: AwsStandIn, buckets: dict[Side, Bucket]
) -> None:
    assert (await look(buckets_check.CHECK, settings)).level is Level.WARNING
    rule: Any = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3_client(stand_in.settings).put_bucket_cors(Bucket=buckets[Side.AWS].name, CORSConfiguration={"CORSRules": [rule]})
    found = await look(buckets_check.CHECK, settings)
    assert found.level is Level.OK, found.saw
    assert buckets[Side.AWS].keys() == []


async def test_a_pool_that_is_not_there_or_lacks_the_attribute_is_named(
    settings: MigrationSettings, stand_in: AwsStandIn
) -> None:
    assert (await look(cognito_check.CHECK, settings)).level is Level.OK
    client = cognito_client(stand_in.settings)
    bare = client.create_user_pool(PoolName="bare")["UserPool"]["Id"]
    for pool, words in ((bare, "has no attribute custom:user_id"), ("us-east-1_nowhere", "cannot be read")):
        changed = settings.model_copy(update={"auth": AuthSettings(user_pool_id=pool)})
        found = await look(cognito_check.CHECK, changed)
        assert (found.level, words in found.saw) == (Level.FAILURE, True), found.saw
    client.delete_user_pool(UserPoolId=bare)


async def test_people_whom_the_pool_would_refuse_are_named(
    settings: MigrationSettings, supabase_bare: TestSide
) -> None:
    async with await connect(supabase_bare.superuser) as connection:
        await connection.execute("delete from auth.users")
        await connection.execute(
            "insert into auth.users (id, email, raw_user_meta_data, is_sso_user, is_anonymous) values"
            " (gen_random_uuid(), 'anna@example.com', '{}', false, false),"
            " ('00000000-0000-4000-8000-000000000001', 'no address', '{}', false, false),"
            " ('00000000-0000-4000-8000-000000000002', 'b@example.com',"
            "  jsonb_build_object('full_name', repeat('x', 2049)), false, false)"
        )
    found = await look(cognito_check.CHECK, settings)
    assert found.level is Level.WARNING
    assert "000000000001: an address that is none" in found.saw
    assert "000000000002: a name of more than 2048 characters" in found.saw
    assert "anna" not in found.saw


async def test_authenticators_without_a_key_to_seal_them_with_stop_it(
    settings: MigrationSettings, supabase_bare: TestSide, tmp_path: Path
) -> None:
    assert settings.auth is not None
    anna = "00000000-0000-4000-8000-000000000001"
    async with await connect(supabase_bare.superuser) as connection:
        await connection.execute("delete from auth.users")
        await connection.execute("insert into auth.users (id) values (%s)", [anna])
        await connection.execute(
            "insert into auth.mfa_factors (id, user_id, factor_type, status, secret, created_at, updated_at)"
            " values (gen_random_uuid(), %s, 'totp', 'verified', 'JBSWY3DPEHPK3PXP', now(), now())",
            [anna],
        )
    short, key = tmp_path / "short", tmp_path / "key"
    short.write_text("AAAA")
    key.write_text(base64.b64encode(bytes(32)).decode())
    for file, level, words in ((None, Level.FAILURE, anna), (short, Level.FAILURE, "32 bytes"), (key, Level.OK, "")):
        changed = settings.model_copy(update={"auth": settings.auth.model_copy(update={"factor_key_file": file})})
        found = await look(cognito_check.CHECK, changed)
        assert (found.level, words in found.saw) == (level, True), found.saw
        assert "JBSWY3DPEHPK3PXP" not in found.saw


def test_a_password_is_read_from_secrets_manager_by_its_name(stand_in: AwsStandIn, tmp_path: Path) -> None:
    # The stand-in's root key: Cyphr's own may not make secrets.
    root = AwsSettings(
        region=stand_in.settings.region, endpoint_url=stand_in.endpoint_url, access_key_id="test",
        secret_access_key=SecretStr("test"),
    )  # fmt: skip
    client = boto3.client(
        "secretsmanager", region_name=root.region, endpoint_url=root.endpoint_url, aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    client.create_secret(Name="rds", SecretString='{"username": "cyphr", "password": "p$ss/word"}')
    config = tmp_path / "migration.toml"
    database = 'host = "127.0.0.1"\ndbname = "d"\nuser = "u"\n'

    def load(secret: str) -> MigrationSettings:
        config.write_text(
            f'[aws]\nendpoint_url = "{root.endpoint_url}"\naccess_key_id = "test"\nsecret_access_key = "test"\n'
            f'[supabase_database]\n{database}password = "x"\n[aws_database]\n{database}password_secret = "{secret}"\n'
        )
        return MigrationSettings.load(config)

    assert load("rds").aws_database.connection_arguments()["password"] == "p$ss/word"
    with pytest.raises(InvalidInput, match="aws_database: cannot read the secret nowhere"):
        load("nowhere")
