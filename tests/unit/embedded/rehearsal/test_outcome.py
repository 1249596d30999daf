"""Every promise can be broken, is then named, and makes the command fail."""

import json
from collections.abc import Callable

import pytest

from cyphr.embedded.people.record import Failure as RequestFailure
from cyphr.embedded.rehearsal.outcome import Failure, Move, Outcome, Promise
from cyphr.embedded.rehearsal.verdict import verdict
from cyphr.foundation.postgres import Side
from tests.unit.embedded.rehearsal.outcomes import kept_outcome, seconds


def _lose(outcome: Outcome) -> None:
    outcome.audits[Side.AWS].lost.append("message client-1 (seq 1 of chat chat) is not there")


def _spoil(outcome: Outcome) -> None:
    outcome.audits[Side.SUPABASE].wrong.append("avatar of anna is another")


def _withhold(outcome: Outcome) -> None:
    assert outcome.record is not None
    outcome.record.delivery_problems.append("message-2 never reached Vera")


def _double(outcome: Outcome) -> None:
    outcome.audits[Side.AWS].doubled.append("message client-2 is there 2 times")


def _fail(outcome: Outcome) -> None:
    assert outcome.record is not None
    outcome.record.failures.append(RequestFailure(seconds(5), "Boris", "POST /v1/chats", "503 unavailable"))


def _differ(outcome: Outcome) -> None:
    outcome.verified = False
    outcome.verifications["database"]["differences"].append("public.messages: row 7 differs")


def _skip(outcome: Outcome) -> None:
    outcome.verified = False
    outcome.verifications.clear()


def _stall(outcome: Outcome) -> None:
    outcome.moves[0].longest_write_wait_ms = 251.0


_BROKEN: list[tuple[Callable[[Outcome], None], str, str, str]] = [
    (_lose, "lost", "1 acknowledged write is lost or wrong", "aws: message client-1"),
    (_spoil, "lost", "1 acknowledged write is lost or wrong", "supabase: avatar of anna"),
    (_withhold, "lost", "1 acknowledged write is lost or wrong", "never reached Vera"),
    (_double, "doubled", "1 write is doubled", "aws: message client-2"),
    (_fail, "failed_requests", "1 request failed (Boris)", "Boris: POST /v1/chats: 503 unavailable"),
    (_differ, "verified", "the two sides of database differ", "database: public.messages: row 7"),
    (_skip, "verified", "the two sides were not compared", ""),
    (_stall, "longest_write_wait_ms", "a write waited 251 ms during the handover of database", "held writes for 13.0"),
]


def _promise(outcome: Outcome, name: str) -> Promise:
    return next(promise for promise in outcome.promises() if promise.name == name)


def test_a_rehearsal_that_kept_every_promise_says_so_in_two_sentences_and_succeeds() -> None:
    outcome = kept_outcome()
    assert verdict(outcome) == (
        "3 people sent 2 messages while Cyphr moved to AWS, back, and to AWS again. Nothing was lost, nothing doubled, "
        "no request failed; the longest a write waited was 74 ms."
    )
    assert all(promise.kept for promise in outcome.promises())
    assert outcome.exit_code == 0


@pytest.mark.parametrize(("spoil", "name", "sentence", "finding"), _BROKEN)
def test_a_broken_promise_is_named_with_what_was_found_and_fails(
    spoil: Callable[[Outcome], None], name: str, sentence: str, finding: str
) -> None:
    outcome = kept_outcome()
    spoil(outcome)
    assert outcome.exit_code == 1
    assert outcome.broken_promises() == [sentence]
    assert f"One promise was broken: {sentence}." in verdict(outcome)
    assert [promise.name for promise in outcome.promises() if not promise.kept] == [name]
    assert any(finding in line for line in _promise(outcome, name).findings) or not finding
    assert _promise(outcome, name).logs


def test_the_longest_of_several_long_waits_is_told_and_the_others_counted() -> None:
    outcome = kept_outcome()
    for wait_ms in (300.0, 900.0, 400.0):
        outcome.moves.append(Move("files", "handback", seconds(9), seconds(10), longest_write_wait_ms=wait_ms))
    (sentence,) = outcome.broken_promises()
    assert sentence == "a write waited 900 ms during the handback of files, and too long during 2 other moves"


def test_people_whose_requests_failed_are_named_the_first_three() -> None:
    outcome = kept_outcome()
    assert outcome.record is not None
    outcome.record.failures = [RequestFailure(seconds(5), name, "GET /v1/me", "503") for name in "ABBCDE"]
    assert outcome.broken_promises() == ["6 requests failed (B, A, C and 2 others)"]


def test_several_broken_promises_are_counted() -> None:
    outcome = kept_outcome()
    _double(outcome)
    _stall(outcome)
    assert "2 promises were broken: 1 write is doubled; a write waited 251 ms" in verdict(outcome)


def test_a_write_that_waited_for_the_successor_of_a_killed_migrator_breaks_nothing() -> None:
    outcome = kept_outcome()
    outcome.killed_in = "handover"
    outcome.moves[0].killed = True
    outcome.moves[0].longest_write_wait_ms = 2000.0
    assert outcome.exit_code == 0
    assert "with the migrator killed in the phase 'handover'" in verdict(outcome)


def test_the_limit_of_a_wait_can_be_raised() -> None:
    outcome = kept_outcome()
    _stall(outcome)
    outcome.wait_limit_ms = 300.0
    assert outcome.exit_code == 0


def test_a_rehearsal_that_ended_half_way_fails_and_claims_nothing_that_it_did_not_see() -> None:
    outcome = Outcome(last_line={"people": 20, "acknowledged": 321, "failures": 0})
    outcome.failure = Failure("unavailable", "the migrator ended by itself.", after="the migration begins")
    assert outcome.exit_code == 1
    assert [promise.kept for promise in outcome.promises()] == [None] * 5
    assert verdict(outcome) == (
        "The rehearsal ended half-way, after “the migration begins”: the migrator ended by itself. "
        "20 people had sent 321 messages."
    )


def test_failures_that_were_seen_before_a_rehearsal_ended_half_way_are_told() -> None:
    outcome = Outcome(last_line={"people": 20, "acknowledged": 321, "failures": 4})
    outcome.failure = Failure("unavailable", "the migrator ended by itself.", after="the migration begins")
    assert verdict(outcome).endswith("Broken already: 4 requests failed.")


def test_the_json_holds_what_is_promised_to_machines() -> None:
    outcome = kept_outcome()
    found = json.loads(json.dumps(outcome.as_dict()))
    assert found["promises"] == {
        "lost": 0,
        "doubled": 0,
        "failed_requests": 0,
        "verified": True,
        "longest_write_wait_ms": 74.0,
        "broken": [],
    }
    move = found["handovers"][0]
    assert (move["service"], move["direction"]) == ("database", "handover")
    assert (move["longest_write_wait_ms"], move["fence_ms"], move["drain_ms"]) == (74.0, 9.0, 2.0)
    assert (found["messages_acknowledged"], found["rows_copied"]) == (2, 1230)
    assert found["phases"] == {"prepare": 3.0, "database copying": 2.0}


def test_the_json_of_a_rehearsal_that_hardly_began_has_the_same_keys() -> None:
    assert Outcome().as_dict().keys() == kept_outcome().as_dict().keys()
