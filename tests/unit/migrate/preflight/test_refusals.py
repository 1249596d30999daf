"""A server's words are told apart, and a start names what stops it."""

import pytest

from cyphr.foundation.errors import InvalidInput, PreflightFailed
from cyphr.migrate.preflight.certificate import is_loopback
from cyphr.migrate.preflight.checks import CHECKS, Preflight, demand
from cyphr.migrate.preflight.context import Refusal, refusal
from cyphr.migrate.preflight.finding import Finding, Level, Result
from cyphr.migrate.preflight.fingerprint import changes, fingerprint

_WRONG = 'FATAL:  password authentication failed for user "postgres"'
_PLAIN = 'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", no encryption'


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (_WRONG, Refusal.PASSWORD),
        (f"{_WRONG}\n{_PLAIN}", Refusal.PASSWORD),  # tried with TLS, then without: the first is the reason
        (_PLAIN, Refusal.ENCRYPTION),
        ("server does not support SSL, but SSL was required", Refusal.ENCRYPTION),
        ("SSL error: certificate verify failed", Refusal.ENCRYPTION),
        ("failed to resolve host 'db.nowhere': Name or service not known", Refusal.UNREACHABLE),
        ("connection refused: Connection refused", Refusal.UNREACHABLE),
        ("connection timeout expired", Refusal.UNREACHABLE),
        ("FATAL:  Tenant or user not found", Refusal.OTHER),
    ],
)
def test_the_words_of_a_refusal_tell_what_kind_it_is(words: str, kind: Refusal) -> None:
    assert refusal(words) is kind


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("db.example.com", False)],
)
def test_loopback_is_told_from_elsewhere(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def _found(**levels: Level) -> Preflight:
    return Preflight(
        [
            Result(check, Finding(levels.get(check.name.replace("-", "_"), Level.OK), f"saw {check.name}"))
            for check in CHECKS
        ]
    )


def test_a_warning_stops_a_start_until_it_is_accepted_by_name() -> None:
    found = _found(sequences=Level.WARNING)
    with pytest.raises(PreflightFailed, match="--accept sequences") as caught:
        demand(found, [])
    assert [one["name"] for one in caught.value.context["checks"]] == ["sequences"]
    demand(found, ["sequences"])


def test_a_failure_cannot_be_accepted_and_every_one_is_named_with_its_mend() -> None:
    found = _found(tls=Level.FAILURE, credentials=Level.FAILURE)
    with pytest.raises(PreflightFailed) as caught:
        demand(found, ["tls", "credentials"])
    for name in ("tls", "credentials"):
        mend = next(check.mend for check in CHECKS if check.name == name)
        assert f"{name}: saw {name}. {mend}" in caught.value.message


def test_what_could_not_be_looked_at_does_not_stop_a_start_by_itself() -> None:
    demand(_found(wal=Level.UNKNOWN), [])


def test_a_name_that_no_check_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match="there is no check named tsl"):
        demand(_found(), ["tsl"])


def test_a_fingerprint_follows_the_objects_and_not_their_order() -> None:
    one = {"relation public.a": "1", "relation public.b": "2"}
    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    assert fingerprint(one) != fingerprint({**one, "relation public.b": "3"})
    assert changes(one, {"relation public.a": "9", "type public.c": "1"}) == [
        "relation public.a changed", "relation public.b is gone", "type public.c is new",
    ]  # fmt: skip
