"""What a line of counters says."""

from cyphr.embedded.people.record import Record
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic


def tally() -> Tally:
    return Tally(Record("http://127.0.0.1:1", started_at=0.0))


def test_a_line_without_messages_has_no_quantiles() -> None:
    line = tally().line(online=0, oldest_write=None)
    assert (line.p50_ms, line.p99_ms, line.longest_wait_ms, line.sent_per_second) == (None, None, 0.0, 0.0)


def test_the_longest_wait_is_that_since_the_last_line() -> None:
    counters = tally()
    counters.waited("message", 0.0, 0.5)
    assert counters.line(online=1, oldest_write=None).longest_wait_ms == 500
    assert counters.line(online=1, oldest_write=None).longest_wait_ms == 0


def test_a_write_that_is_still_unanswered_counts_already() -> None:
    assert tally().line(online=1, oldest_write=monotonic() - 3).longest_wait_ms >= 3000


def test_hashing_a_pin_is_no_write_that_waits() -> None:
    counters = tally()
    counters.waited("argon2", 0.0, 0.5)
    assert counters.line(online=1, oldest_write=None).longest_wait_ms == 0


def test_quantiles_are_of_messages_only() -> None:
    counters = tally()
    for milliseconds in range(1, 101):
        counters.waited("message", 0.0, milliseconds / 1000)
        counters.waited("fetch", 0.0, 9.0)
    line = counters.line(online=1, oldest_write=None)
    assert (line.p50_ms, line.p99_ms) == (51, 100)
