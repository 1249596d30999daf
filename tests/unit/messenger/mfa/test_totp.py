"""Authenticators' codes, held against the RFC, and how recovery codes are typed."""

from base64 import b32encode
from uuid import uuid4

import pytest

from cyphr.messenger.mfa.recovery import hash_code, new_codes
from cyphr.messenger.mfa.totp import matching_step

# RFC 6238, appendix B: SHA-1, of whose eight digits an authenticator shows the last six.
SECRET = b32encode(b"12345678901234567890").decode()
VECTORS = [
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("at", "code"), VECTORS)
def test_the_codes_are_those_of_the_rfc_a_step_early_or_late_and_no_more(at: int, code: str) -> None:
    step = at // 30
    assert [matching_step(SECRET, code, at + drift * 30) for drift in (-2, -1, 0, 1, 2)] == [
        None,
        step,
        step,
        step,
        None,
    ]


def test_a_recovery_code_is_its_persons_however_it_is_typed() -> None:
    anna, boris = uuid4(), uuid4()
    codes = new_codes()
    assert len(set(codes)) == 10
    stored = hash_code(b"key", anna, codes[0])
    assert hash_code(b"key", anna, f" {codes[0].upper().replace('-', ' ')} ") == stored
    assert hash_code(b"key", boris, codes[0]) != stored
    assert hash_code(b"other", anna, codes[0]) != stored
    assert hash_code(b"key", anna, codes[1]) != stored
