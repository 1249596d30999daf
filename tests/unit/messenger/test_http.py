"""The application as a function builds it: the part that answers paths which begin alike."""

from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from cyphr.embedded.mailbox import Mailbox
from cyphr.embedded.secrets import SecretFolder
from cyphr.foundation.settings import MessengerSettings, PostgresSettings
from cyphr.messenger.app import Messenger, build_messenger
from cyphr.messenger.http import BEGINNINGS, beginning_of, build_app


@pytest.fixture(scope="module")
def messenger(tmp_path_factory: pytest.TempPathFactory) -> Messenger:
    nowhere = PostgresSettings(host="127.0.0.1", port=9, dbname="none", user="none", password="none")
    key: Path = SecretFolder(tmp_path_factory.mktemp("secrets")).token_key()
    return build_messenger(MessengerSettings(token_key_file=key, aws_database=nowhere), Mailbox())


def test_each_part_of_the_application_has_all_operations_whose_paths_begin_so_in_their_order(
    messenger: Messenger,
) -> None:
    def operations(beginning: str | None, only: str | None) -> list[tuple[str, str]]:
        app = build_app(messenger.settings, messenger, beginning=beginning)
        paths = [
            (route.path, method)
            for route in app.routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods)
        ]
        return [one for one in paths if only is None or beginning_of(one[0]) == only]

    whole = operations(None, None)
    assert len(whole) > 120
    assert {beginning_of(path) for path, _ in whole} == BEGINNINGS
    for beginning in BEGINNINGS:
        assert operations(beginning, beginning) == [one for one in whole if beginning_of(one[0]) == beginning]
    assert operations("", None) == []
