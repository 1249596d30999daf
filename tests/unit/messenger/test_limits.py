"""Token buckets."""

import pytest

from cyphr.foundation.errors import RateLimited
from cyphr.messenger.limits import TokenBuckets


def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait() -> None:
    buckets = TokenBuckets(per_minute=6, burst=3)
    for _ in range(3):
        buckets.take("10.0.0.1", "/v1/sessions")
    with pytest.raises(RateLimited) as refused:
        buckets.take("10.0.0.1", "/v1/sessions")
    assert 1 <= refused.value.context["retry_after"] <= 11
    buckets.take("10.0.0.2", "/v1/sessions")
    buckets.take("10.0.0.1", "/v1/accounts")
