"""SRP against the other side of the protocol."""

import hashlib
import hmac
import locale
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from cyphr.messenger.cognito.srp import _G, _N, Question, SrpClient, cognito_time

POOL = "eu-central-1_AbCdEf123"
USER = "0198c0de-0000-7000-8000-000000000000"
PASSWORD = "correct Horse 7 ключ"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Verifier:
    """The pool's side, written from the protocol's description: it knows v = g^x, and never the password."""

    def __init__(self, password: str, *, pool: str = POOL, user: str = USER) -> None:
        self.pool, self.user = pool.partition("_")[2], user
        self.salt = secrets.token_bytes(16)
        inner = hashlib.sha256(f"{self.pool}{user}:{password}".encode()).digest()
        x = int.from_bytes(hashlib.sha256(signed(int.from_bytes(self.salt, "big")) + inner).digest(), "big")
        self.v = pow(2, x, _N)
        self.b = secrets.randbits(256)  # as large as the protocol asks for; one as large as N is ten times as dear
        k = int.from_bytes(hashlib.sha256(signed(_N) + signed(2)).digest(), "big")
        self.public = (k * self.v + pow(2, self.b, _N)) % _N
        self.secret_block = secrets.token_bytes(64)

    def question(self) -> Question:
        return Question(self.user, self.salt.hex(), format(self.public, "x"), b64encode(self.secret_block).decode())

    def accepts(self, a: str, signature: str, timestamp: str) -> bool:
        public = int(a, 16)
        u = int.from_bytes(hashlib.sha256(signed(public) + signed(self.public)).digest(), "big")
        shared = pow(public * pow(self.v, u, _N), self.b, _N)
        extracted = hmac.new(signed(u), signed(shared), hashlib.sha256).digest()
        key = hmac.new(extracted, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
        message = f"{self.pool}{self.user}".encode() + self.secret_block + timestamp.encode()
        return hmac.compare_digest(hmac.new(key, message, hashlib.sha256).digest(), b64decode(signature))


def signed(number: int) -> bytes:
    """As Java's BigInteger writes a positive number."""
    raw = number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
    return b"\x00" + raw if raw[0] & 0x80 else raw


def test_the_right_password_is_proven_and_no_other() -> None:
    pool, client = Verifier(PASSWORD), SrpClient(POOL, PASSWORD)
    assert pool.accepts(client.public, *client.answer(pool.question(), AT))
    for wrong in ("", PASSWORD.lower()):
        liar = SrpClient(POOL, wrong)
        assert not pool.accepts(liar.public, *liar.answer(pool.question(), AT))


def test_a_proof_is_of_one_question_one_user_one_pool_and_one_time() -> None:
    pool, client = Verifier(PASSWORD), SrpClient(POOL, PASSWORD)
    signature, timestamp = client.answer(pool.question(), AT)
    assert pool.accepts(client.public, signature, timestamp)
    assert not Verifier(PASSWORD).accepts(client.public, signature, timestamp), "replayed"
    assert not pool.accepts(client.public, signature, cognito_time(AT.replace(second=8)))
    assert not pool.accepts(SrpClient(POOL, PASSWORD).public, signature, timestamp)
    for elsewhere in (Verifier(PASSWORD, pool="eu-central-1_other"), Verifier(PASSWORD, user="another")):
        theirs = SrpClient(POOL, PASSWORD)
        wrong = Question(USER, elsewhere.salt.hex(), format(elsewhere.public, "x"), pool.question().secret_block)
        assert not elsewhere.accepts(theirs.public, *theirs.answer(wrong, AT))


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_public_number_with_which_anybody_would_know_the_key_is_refused(multiple: int) -> None:
    question = Verifier(PASSWORD).question()
    with pytest.raises(ValueError, match="multiple of N"):
        SrpClient(POOL, PASSWORD).answer(Question(USER, question.salt, format(multiple * _N, "x"), "AAAA"), AT)


def test_the_group_is_that_of_rfc_5054_with_a_safe_prime() -> None:
    assert (_N.bit_length(), _G) == (3072, 2)
    for prime in (_N, (_N - 1) // 2):  # Fermat, to a few bases
        assert all(pow(base, prime - 1, prime) == 1 for base in (2, 3))


def test_the_time_is_english_whatever_the_locale() -> None:
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "ru_RU.UTF-8", "C.UTF-8"):
            with suppress(locale.Error):
                locale.setlocale(locale.LC_TIME, name)
            assert cognito_time(AT) == "Wed Mar 4 05:06:07 UTC 2026"
    finally:
        locale.setlocale(locale.LC_TIME, before)
