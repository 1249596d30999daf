"""``migration.toml``: every mistake in it is one clear sentence."""

from pathlib import Path

import pytest

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.secrets import password_in
from cyphr.migrate.settings import MigrationSettings

GOOD = """
[supabase_database]
host = "db.example.supabase.co"
dbname = "postgres"
user = "postgres"
password = "one"

[aws_database]
host = "db.example.rds.amazonaws.com"
dbname = "cyphr"
user = "cyphr_admin"
password = "two"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "migration.toml"


def _refusal(file: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        MigrationSettings.load(file)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_file_with_both_databases_is_enough(file: Path) -> None:
    file.write_text(GOOD)
    settings = MigrationSettings.load(file)
    assert (settings.supabase_database.sslmode, settings.workers, settings.files, settings.auth) == (
        "verify-full", 2, None, None,
    )  # fmt: skip


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    assert _refusal(file) == f"cannot read {file}: No such file or directory"


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    assert _refusal(tmp_path) == f"cannot read {tmp_path}: Is a directory"


def test_malformed_toml_is_named_with_its_place(file: Path) -> None:
    file.write_text("[supabase_database\n")
    assert _refusal(file).startswith(f"{file} is not valid TOML: ")
    assert "line 1" in _refusal(file)


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    assert _refusal(file).startswith(f"{file} is not valid TOML: ")


def test_an_unknown_key_is_named_with_its_section(file: Path) -> None:
    file.write_text(GOOD + 'sslmod = "require"\n')
    assert _refusal(file) == f"{file}: aws_database.sslmod is no setting; did you mean sslmode?"


def test_an_unknown_section_is_named(file: Path) -> None:
    file.write_text(GOOD + "[wallets]\n")
    assert _refusal(file) == f"{file}: wallets is no setting"


def test_all_mistakes_are_named_at_once(file: Path) -> None:
    file.write_text(
        'workers = 0\n[aws_database]\nhost = "h"\ndbname = "d"\nuser = "u"\npassword_file = "p"\nport = 0\n'
    )
    refusal = _refusal(file)
    for name in ("workers: ", "supabase_database is missing", "aws_database.port: "):
        assert name in refusal


def test_a_mistake_never_repeats_a_password(file: Path) -> None:
    file.write_text(GOOD + 'password_file = "topsecret"\n')
    refusal = _refusal(file)
    assert "exactly one way" in refusal
    assert "topsecret" not in refusal


def test_a_password_is_taken_from_the_environment_that_was_handed_over(file: Path) -> None:
    file.write_text(GOOD.replace('password = "two"', 'password_env = "DB"'))
    settings = MigrationSettings.load(file, {"DB": "p$&@%'\" "})
    assert settings.aws_database.connection_arguments()["password"] == "p$&@%'\" "
    assert settings.aws_database.password_origin == "the environment variable DB"


def test_a_variable_that_is_not_set_is_named(file: Path) -> None:
    file.write_text(GOOD.replace('password = "two"', 'password_env = "DB"'))
    assert _refusal(file) == f"{file}: aws_database: password_env: the environment has no variable DB; export it"


def test_a_password_file_that_is_not_there_is_named(file: Path) -> None:
    file.write_text(GOOD.replace('password = "two"', 'password_file = "/nowhere/password"'))
    assert "aws_database: cannot read the secret in /nowhere/password: No such file or directory" in _refusal(file)


def test_a_secret_is_plain_text_or_the_json_that_rds_keeps() -> None:
    assert password_in("12345") == "12345"
    assert password_in('p{"x') == 'p{"x'
    assert password_in('{"username": "cyphr", "password": "p$ss"}') == "p$ss"
    with pytest.raises(InvalidInput, match="without a text under 'password'"):
        password_in('{"username": "cyphr"}')


def test_records_are_kept_beside_the_file_unless_it_says_where(file: Path) -> None:
    file.write_text(GOOD)
    assert MigrationSettings.load(file).records_folder == file.parent
    file.write_text('records_folder = "/elsewhere"\n' + GOOD)
    assert MigrationSettings.load(file).records_folder == Path("/elsewhere")
