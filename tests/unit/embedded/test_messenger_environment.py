"""Settings go to the messenger's process by environment and arrive unchanged."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from cyphr.embedded.messenger import environment_of
from cyphr.foundation.settings import AwsSettings, MessengerSettings, PostgresSettings, RealtimeSettings


def test_settings_read_from_the_environment_are_those_that_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = MessengerSettings(
        supabase_database=PostgresSettings(
            host="127.0.0.1", port=5433, dbname="postgres", user="cyphr_app", password=SecretStr("a'b\"c$d %40 \\")
        ),
        token_key_file=Path("/keys/token.pem"),
        files_aws_bucket="files",
        realtime=RealtimeSettings(table="connections", origins=("https://a.example", 'https://"b".example')),
        aws=AwsSettings(endpoint_url="http://127.0.0.1:4566", access_key_id="id", secret_access_key=SecretStr("s=/+")),
    )
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert MessengerSettings() == settings  # type: ignore[call-arg]
