"""Settings that name secrets, with Secrets Manager's stand-in."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import boto3
import pytest

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.secrets import with_secrets
from cyphr.foundation.settings import AwsSettings, MessengerSettings, PostgresSettings, SupabaseTokens
from cyphr.messenger.shared import accepted_keys, factor_sealer, root_key, signing_key


def _settings(aws: AwsSettings, password: str, key: str) -> MessengerSettings:
    database = PostgresSettings(host="h", dbname="d", user="u", password_secret=password)
    return MessengerSettings(aws=aws, aws_database=database, token_key_secret=key)


async def test_a_password_and_the_keys_are_read_by_the_arn_of_their_secrets(
    stand_in: AwsStandIn, token_key: Path
) -> None:
    root = stand_in.root
    keys = {"aws_access_key_id": root.access_key_id, "aws_secret_access_key": root.secret()}
    secrets = boto3.client(
        "secretsmanager",
        region_name=root.region,
        endpoint_url=root.endpoint_url,
        **keys,  # type: ignore[arg-type]
    )

    def keep(name: str, text: str) -> str:
        made: dict[str, Any] = secrets.create_secret(Name=name, SecretString=text)  # type: ignore[assignment]
        return str(made["ARN"])

    password = await asyncio.to_thread(keep, "database", '{"username": "u", "password": "p$ss"}')
    key = await asyncio.to_thread(keep, "token-key", token_key.read_text())
    factors = await asyncio.to_thread(keep, "factor-key", base64.b64encode(bytes(32)).decode())
    app_client = await asyncio.to_thread(keep, "app-client", stand_in.cognito.secret())
    pool = stand_in.cognito.model_copy(update={"app_client_secret_file": None, "app_client_secret_name": app_client})
    legacy = await asyncio.to_thread(keep, "legacy", "a legacy secret of the project, long enough")
    supabase = SupabaseTokens(issuer="https://project.supabase.co/auth/v1", legacy_secret_name=legacy)
    more = {
        "factor_key_secret": factors,
        "cognito": pool,
        "supabase_tokens": supabase,
        "root_key_secret": key,
        "accepted_token_keys_secret": key,
    }
    named = _settings(stand_in.settings, password, key).model_copy(update=more)
    settings = await asyncio.to_thread(with_secrets, named)
    assert settings.cognito is not None
    assert settings.cognito.secret() == stand_in.cognito.secret()
    assert settings.supabase_tokens is not None
    assert settings.supabase_tokens.secret() == "a legacy secret of the project, long enough"
    assert root_key(settings).id == signing_key(settings).id == accepted_keys(settings)[0].id
    for unread in (pool.secret, supabase.secret):
        with pytest.raises(InvalidInput, match="was not read"):
            unread()
    assert settings.aws_database is not None
    assert settings.aws_database.connection_arguments()["password"] == "p$ss"
    given = MessengerSettings(aws_database=settings.aws_database, token_key_file=token_key)
    assert signing_key(settings).id == signing_key(given).id
    sealed = factor_sealer(settings, signing_key(settings)).seal(b"secret", b"row")
    assert Sealer(bytes(32)).open(sealed, b"row") == b"secret"
    with pytest.raises(InvalidInput, match="was not read"):
        factor_sealer(named, signing_key(settings))


async def test_every_secret_that_is_missing_is_named_with_its_setting(stand_in: AwsStandIn) -> None:
    settings = _settings(stand_in.settings, "no-password", "no-key")
    with pytest.raises(InvalidInput) as refused:
        await asyncio.to_thread(with_secrets, settings)
    for name in ("CYPHR_AWS_DATABASE__PASSWORD_SECRET", "no-password", "CYPHR_TOKEN_KEY_SECRET", "no-key"):
        assert name in refused.value.message
    with pytest.raises(InvalidInput, match="was not read"):
        signing_key(settings)
