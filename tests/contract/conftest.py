"""Contracts hold on both sides."""

import pytest

from tests.conftest import TestSide


@pytest.fixture(params=["supabase", "aws"])
def side(request: pytest.FixtureRequest) -> TestSide:
    """Each side in turn."""
    standing: TestSide = request.getfixturevalue(request.param)
    return standing
