"""What is counted becomes one line in CloudWatch's embedded metric format."""

import logging

import pytest

from cyphr.foundation.metrics import Metrics


def flushed(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    caplog.clear()
    with caplog.at_level(logging.INFO, "cyphr.foundation.metrics"):
        metrics.flush()
    return [record.__dict__["context"] for record in caplog.records]


def test_counts_durations_and_levels_are_one_line_that_names_each_with_its_unit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    metrics.count("SlowQueries")
    metrics.count("SlowQueries", 2)
    metrics.time("QueryMilliseconds", 1.5)
    metrics.time("QueryMilliseconds", 2.5)
    metrics.watch(lambda: {"PoolWaiting": 4})
    (line,) = flushed(metrics, caplog)
    described = line.pop("_aws")
    assert line == {"SlowQueries": 3, "PoolWaiting": 4, "QueryMilliseconds": [1.5, 2.5]}
    assert isinstance(described, dict)
    (directive,) = described["CloudWatchMetrics"]
    assert directive["Namespace"] == "Cyphr"
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == {
        "SlowQueries": "Count",
        "PoolWaiting": "Count",
        "QueryMilliseconds": "Milliseconds",
    }
    assert described["Timestamp"] > 1_700_000_000_000


def test_each_flush_begins_anew_and_nothing_makes_no_line(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    assert flushed(metrics, caplog) == []
    metrics.count("SlowQueries")
    assert len(flushed(metrics, caplog)) == 1
    assert flushed(metrics, caplog) == []


def test_of_very_many_durations_a_sample_from_all_of_the_time_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.time("QueryMilliseconds", number)
    (line,) = flushed(metrics, caplog)
    kept = line["QueryMilliseconds"]
    assert isinstance(kept, list)
    assert len(kept) == 100  # what CloudWatch takes in one line
    assert max(kept) > 5_000  # the chance that none of the second half is kept: 2 ** -100
