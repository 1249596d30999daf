"""Cognito is asked as fast as it lets itself be asked, in each category of requests."""

from cyphr.migrate.auth.pacing import DEFAULT_QUOTAS, Pace, Paces


def test_requests_are_spread_evenly_over_the_second() -> None:
    pace = Pace(100.0)
    now = 1e9
    waits = [pace.reserve(now) for _ in range(51)]
    assert waits[0] == 0
    assert abs(waits[50] - 1.0) < 0.001, "half the quota at first"


def test_the_rate_grows_slowly_to_the_quota_and_no_further() -> None:
    pace = Pace(100.0)
    start = pace._changed
    pace.answered(start + 1)
    assert abs(pace.rate - 52.0) < 0.001
    pace.answered(start + 1000)
    assert pace.rate == 100.0


def test_refusals_that_come_together_halve_the_rate_once() -> None:
    pace = Pace(100.0)
    now = pace._changed + 1
    for _ in range(8):
        pace.refused(now)
    assert pace.rate == 25.0
    pace.answered(now + 0.5)
    assert pace.rate == 25.0, "not faster while the moment of calm lasts"
    pace.refused(now + 1.5)
    assert pace.rate == 12.5


def test_it_never_stands_still_however_often_it_is_refused() -> None:
    pace = Pace(25.0)
    for second in range(1, 100):
        pace.refused(pace._changed + second)
    assert pace.rate == 0.5
    assert pace.reserve(1e9) < 2


def test_a_refusal_of_one_category_leaves_the_others_as_fast_as_they_were() -> None:
    paces = Paces(2.0)
    paces["UserUpdate"].refused(1e9)
    assert paces["UserUpdate"].rate == 12.5
    assert paces["UserCreation"].rate == DEFAULT_QUOTAS["UserCreation"]
