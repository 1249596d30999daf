"""Sealing secrets: what was sealed opens with its key, about its row, unchanged, and in no other way."""

import base64

import pytest

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.sealing import Sealer

KEY = bytes(range(32))


def test_a_secret_opens_about_the_row_that_it_was_sealed_about() -> None:
    sealer = Sealer.parse(base64.b64encode(KEY).decode() + "\n")
    sealed = sealer.seal(b"secret", b"row")
    assert b"secret" not in sealed
    assert sealer.seal(b"secret", b"row") != sealed
    assert Sealer(KEY).open(sealed, b"row") == b"secret"


@pytest.mark.parametrize("spoilt", ["row", "key", "byte", "version", "cut"])
def test_a_secret_that_was_moved_or_changed_does_not_open(spoilt: str) -> None:
    sealed = Sealer(KEY).seal(b"secret", b"row")
    match spoilt:
        case "byte":
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        case "version":
            sealed = b"\x02" + sealed[1:]
        case "cut":
            sealed = sealed[:8]
    key = bytes(32) if spoilt == "key" else KEY
    with pytest.raises(InvalidInput, match="CYPHR_FACTOR_KEY"):
        Sealer(key).open(sealed, b"another row" if spoilt == "row" else b"row")


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_key_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="second factors"):
        Sealer.parse(text)
