"""Log lines: JSON, with the request's id, and without secrets."""

import json
import logging
import sys
from pathlib import Path

from pydantic import SecretStr, ValidationError

from cyphr.foundation.settings import AwsSettings, MessengerSettings, PostgresSettings
from cyphr.foundation.telemetry import JsonFormatter, request_id

SECRET = "s3cr$t'\"@:/%#&!"


def _line(message: str, *arguments: object, context: dict[str, object] | None = None, exc_info: bool = False) -> str:
    record = logging.LogRecord("cyphr.test", logging.INFO, __file__, 1, message, arguments, None)
    if exc_info:
        record.exc_info = sys.exc_info()
    if context is not None:
        record.context = context
    return JsonFormatter().format(record)


def _settings() -> MessengerSettings:
    return MessengerSettings(
        aws_database=PostgresSettings(host="h", dbname="d", user="u", password=SecretStr(SECRET)),
        token_key_file=Path("/key.pem"),
        aws=AwsSettings(access_key_id="AKIA", secret_access_key=SecretStr(SECRET)),
    )


def test_a_line_is_one_line_of_json_whatever_the_message_holds() -> None:
    line = _line("Анна said %r", 'two\nlines and a "quote"')
    assert "\n" not in line
    assert json.loads(line)["message"] == "Анна said 'two\\nlines and a \"quote\"'"


def test_a_line_carries_the_id_of_the_request_it_belongs_to() -> None:
    token = request_id.set("r-1")
    try:
        assert json.loads(_line("x"))["request_id"] == "r-1"
    finally:
        request_id.reset(token)
    assert "request_id" not in json.loads(_line("x"))


def test_no_secret_of_settings_gets_into_a_line_however_they_are_logged() -> None:
    settings = _settings()
    lines = [
        _line("started with %s", settings),
        _line("started with %r", settings.aws_database),
        _line("started", context={"settings": settings, "database": settings.aws_database, "aws": settings.aws}),
        _line("started", context={"settings": settings.model_dump(), "json": settings.model_dump_json()}),
    ]
    for line in lines:
        assert SECRET not in json.loads(line).values()
        assert "s3cr" not in line


def test_no_secret_gets_into_a_line_by_way_of_the_error_that_refused_it() -> None:
    try:
        MessengerSettings.model_validate({"aws_database": {"password": SECRET, "host": "h"}})
    except ValidationError:
        refused = _line("bad settings", exc_info=True)
    assert "token_key_file" in refused
    assert "s3cr" not in refused
