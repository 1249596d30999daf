"""A migration's journal, read as its history."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cyphr.migrate.journal import Event
from cyphr.migrate.report.document import as_page
from cyphr.migrate.report.history import History, move_times, phase_seconds, read_history
from cyphr.migrate.report.markdown import as_markdown, duration

_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TIMING = {"fence_ms": 9.0, "drain_ms": 2.5, "check_ms": 3.0, "open_ms": 1.0, "blocked_ms": 15.5}
_FOUND = {"checked": 1000, "differences": [], "notes": [], "seconds": 0.4}


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def _event(seconds: float, event: str, service: str = "database", /, **detail: Any) -> Event:
    return Event(_at(seconds), service, event, detail)


_BEGINNING = [_event(0, "phase copying"), _event(2, "phase following"), _event(5, "phase verified", **_FOUND)]
_THERE_AND_BACK = [
    *_BEGINNING,
    _event(5.1, "handover begins"),
    _event(5.3, "phase handed over", **_TIMING),
    _event(9, "verified", **_FOUND),
    _event(9.1, "handback begins"),
    _event(9.4, "phase handed back", **_TIMING),
]


def test_phases_follow_one_another_and_the_last_one_goes_on() -> None:
    history = read_history(_THERE_AND_BACK)
    assert [(span.phase, span.seconds) for span in history.spans] == [
        ("copying", 2.0),
        ("following", 3.0),
        ("verified", 0.3),
        ("handed over", 4.1),
        ("handed back", None),
    ]
    assert history.current["database"].phase == "handed back"
    assert phase_seconds(_THERE_AND_BACK)["database handed over"] == 4.1


def test_services_do_not_end_each_others_phases() -> None:
    events = [_event(0, "phase copying"), _event(1, "phase copying", "files"), _event(4, "phase following")]
    assert phase_seconds(events) == {"database copying": 4.0}
    assert read_history(events).services == ["database", "files"]


def test_a_phase_that_a_restarted_migrator_says_again_goes_on() -> None:
    events = [_event(0, "phase copying"), _event(3, "phase copying"), _event(4, "phase following")]
    assert phase_seconds(events) == {"database copying": 4.0}


def test_a_handover_and_a_handback_have_their_timing() -> None:
    there, back = read_history(_THERE_AND_BACK).moves
    assert (there.direction, there.began, there.ended, there.timing) == ("handover", _at(5.1), _at(5.3), _TIMING)
    assert (back.direction, back.outcome) == ("handback", "done")
    assert move_times(_THERE_AND_BACK, "database", "handback") == [(_at(9.1), _at(9.4))]
    assert move_times(_THERE_AND_BACK, "files", "handover") == []


def test_a_handover_that_was_cut_short_and_begun_again_is_one_from_its_first_beginning() -> None:
    again = [_event(8, "handover begins"), _event(8.5, "phase handed over", **_TIMING)]
    events = [*_BEGINNING, _event(6, "handover begins"), *again]
    (move,) = read_history(events).moves
    assert (move.attempts, move.outcome) == (2, "done at attempt 2")
    assert move_times(events, "database", "handover") == [(_at(6), _at(8.5))]


def test_a_handover_whose_migrator_died_right_after_it_is_done_without_a_timing() -> None:
    events = [*_BEGINNING, _event(6, "handover begins"), _event(8, "phase handed over")]
    (move,) = read_history(events).moves
    assert (move.ended, move.timing) == (_at(8), {})
    assert move.outcome == "done; the migrator was interrupted under it"
    assert "–" in as_markdown(read_history(events))


def test_a_handover_that_nobody_finished_is_told_as_such() -> None:
    events = [*_BEGINNING, _event(6, "handover begins")]
    (move,) = read_history(events).moves
    assert move.outcome == "cut short, not finished"
    assert move_times(events, "database", "handover") == []


def test_a_handover_that_failed_does_not_run_into_the_next_one() -> None:
    failed = _event(6.5, "handover failed", code="handover_refused", message="a long transaction is running")
    again = [_event(9, "handover begins"), _event(9.2, "phase handed over", **_TIMING)]
    events = [*_BEGINNING, _event(6, "handover begins"), failed, *again]
    first, second = read_history(events).moves
    assert first.outcome == "failed: a long transaction is running"
    assert (second.began, second.attempts) == (_at(9), 1)
    assert move_times(events, "database", "handover") == [(_at(9), _at(9.2))]
    assert [trouble.message for trouble in read_history(events).troubles] == ["a long transaction is running"]


def test_verifications_are_told_whether_they_passed_or_not() -> None:
    events = [*_BEGINNING, _event(7, "verification failed", checked=9, differences=["row 7 differs"], seconds=1)]
    passed, failed = read_history(events).checks
    assert (passed.checked, passed.differences) == (1000, [])
    assert failed.differences == ["row 7 differs"]
    assert "- differs: row 7 differs" in as_markdown(read_history(events))


def test_what_stopped_the_following_is_among_the_errors() -> None:
    events = [*_BEGINNING, _event(7, "following stopped", error="the connection was lost")]
    assert "| database | 2026-03-01 12:00:07 | following stopped | the connection was lost |" in as_markdown(
        read_history(events)
    )


def test_the_json_is_json_and_tells_the_same() -> None:
    found = json.loads(json.dumps(read_history(_THERE_AND_BACK).as_dict()))
    assert found["services"] == {"database": {"phase": "handed back", "since": "2026-03-01T12:00:09.400+00:00"}}
    assert [(move["direction"], move["fence_ms"]) for move in found["handovers"]] == [
        ("handover", 9.0),
        ("handback", 9.0),
    ]


def test_what_closing_left_to_be_known_is_told_in_full() -> None:
    people = [f"user {number}: was mailed a code" for number in range(200)]
    history = read_history([*_BEGINNING, _event(7, "phase closed", notes=people)])
    for told in (as_markdown(history), as_page(history, _at(10))):
        assert "Closing of database" in told
        assert "user 199: was mailed a code" in told
    assert history.as_dict()["closings"][0]["notes"] == people


def test_hostile_text_neither_ends_a_cell_nor_becomes_markup() -> None:
    hostile = "a | b\n| c | <script>alert(1)</script>"
    history = read_history([*_BEGINNING, _event(7, "following stopped", error=hostile)])
    text = as_markdown(history)
    assert "a \\| b \\| c \\| &lt;script>" in text
    page = as_page(history, _at(10))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_journal_with_nothing_in_it_makes_a_report_too() -> None:
    assert "Nothing has happened yet" in as_markdown(History())
    assert "Nothing has happened yet" in as_page(History(), _START)


def test_durations_are_written_as_people_say_them() -> None:
    spoken = [duration(seconds) for seconds in (None, 0.34, 12.34, 245, 11520)]
    assert spoken == ["goes on", "340 ms", "12.3 s", "4 min 05 s", "3 h 12 min"]
