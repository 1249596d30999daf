"""Settings: read once, complete or refused, and passwords exactly as they were given."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from cyphr.foundation.settings import AwsSettings, MessengerSettings, PostgresSettings, RealtimeSettings

METACHARACTERS = "p$w'\"@:/%#&!?= {}[]\\`;|<>~*é🔑"

# NUL cannot be in an environment variable, and a lone surrogate cannot be in any text that is stored.
passwords = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@pytest.fixture(autouse=True)
def _nothing_of_the_persons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CYPHR_")]:
        monkeypatch.delenv(name)


def _database(**arguments: object) -> PostgresSettings:
    return PostgresSettings.model_validate({"host": "h", "dbname": "d", "user": "u", **arguments})


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"CYPHR_{name}", value)


def test_every_missing_name_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, AWS_DATABASE__PORT="5432", AWS_DATABASE__PASSWORD="x")
    with pytest.raises(ValidationError) as caught:
        MessengerSettings()
    missing = {".".join(map(str, mistake["loc"])) for mistake in caught.value.errors() if mistake["type"] == "missing"}
    assert missing == {"token_key_file", "aws_database.host", "aws_database.dbname", "aws_database.user"}


def test_without_any_database_both_ways_to_give_one_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, TOKEN_KEY_FILE="/key.pem")
    with pytest.raises(ValidationError, match=r"CYPHR_SUPABASE_DATABASE__… or CYPHR_AWS_DATABASE__…"):
        MessengerSettings()


def test_a_misspelt_part_of_a_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, TOKEN_KEY_FILE="/key.pem", AWS_DATABASE__HOST="h", AWS_DATABASE__DBNAME="d")
    _set(monkeypatch, AWS_DATABASE__USER="u", AWS_DATABASE__PASSWORD="x", AWS_DATABASE__SSL_MODE="require")
    with pytest.raises(ValidationError, match=r"aws_database\.ssl_mode\n.*[Ee]xtra"):
        MessengerSettings()


def test_a_password_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="exactly one way"):
        _database(password="x", password_file=tmp_path / "password")


def test_a_password_given_nowhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="exactly one way"):
        _database()


@given(password=passwords)
def test_any_password_survives_the_environment(password: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        _set(monkeypatch, TOKEN_KEY_FILE="/key.pem", AWS_DATABASE__HOST="h", AWS_DATABASE__DBNAME="d")
        _set(monkeypatch, AWS_DATABASE__USER="u", AWS_DATABASE__PASSWORD=password)
        database = MessengerSettings().aws_database
    assert database is not None
    assert database.connection_arguments()["password"] == password


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_file_gives_its_line_and_nothing_is_unescaped(tmp_path: Path, end: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(f" {METACHARACTERS} {end}".encode())
    assert _database(password_file=file).connection_arguments()["password"] == f" {METACHARACTERS} "


def test_the_default_is_to_verify_whom_one_talks_to() -> None:
    assert _database(password="x").connection_arguments()["sslmode"] == "verify-full"


@pytest.mark.parametrize("given", [{"side": "aws"}, {"other_url": "wss://b"}, {"side": "aws", "other_url": "wss://b"}])
def test_who_sends_clients_to_another_endpoint_is_told_both_addresses_and_its_side(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give '"):
        RealtimeSettings.model_validate(given)
    RealtimeSettings.model_validate({"side": "aws", "url": "wss://a", "other_url": "wss://b"})


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        _database(password="x").host = "elsewhere"  # type: ignore[misc]


def test_no_mistake_in_settings_repeats_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, AWS_DATABASE__PASSWORD="topsecret")
    with pytest.raises(ValidationError) as incomplete:
        MessengerSettings()
    with pytest.raises(ValidationError) as contradictory:
        PostgresSettings.model_validate({"password": "topsecret", "password_file": "/p", "host": "h"})
    for caught in (incomplete, contradictory):
        assert "topsecret" not in str(caught.value)


def test_a_secret_key_of_aws_comes_from_its_file_or_from_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("abc/+\n")
    assert AwsSettings(secret_access_key_file=file).secret() == "abc/+"
    assert AwsSettings(secret_access_key=SecretStr("given")).secret() == "given"
    assert AwsSettings().secret() is None
