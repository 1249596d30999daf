"""What every invocation of a function has: the id of its request in the log, and its numbers."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from cyphr.foundation.telemetry import JsonFormatter
from cyphr.messenger.lambdas.container import invocation, metrics

_logger = logging.getLogger(__name__)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(JsonFormatter().format(record)))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"requestContext": {"requestId": "JKJaXmPLvHcESHA="}}, "JKJaXmPLvHcESHA="),
        ({"Records": []}, "of the call"),
    ],
)
def test_every_line_of_an_invocation_names_its_request_and_its_numbers_are_logged_at_its_end(
    event: dict[str, Any], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Lines()

    @invocation
    def handler(_: dict[str, Any], __: Any) -> str:
        metrics().count("Frames")
        _logger.warning("at work")
        raise ValueError("broken")

    root = logging.getLogger()
    root.addHandler(heard)
    with caplog.at_level(logging.INFO):
        try:
            with pytest.raises(ValueError, match="broken"):
                handler(event, SimpleNamespace(aws_request_id="of the call"))
        finally:
            root.removeHandler(heard)
    work, numbers = heard.lines
    assert (work["message"], work["request_id"]) == ("at work", expected)
    assert (numbers["message"], numbers["request_id"], numbers["Frames"]) == ("metrics", expected, 1)
