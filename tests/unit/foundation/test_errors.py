"""The error tree: what its docstring draws is what there is."""

import re

from cyphr.foundation import errors
from cyphr.foundation.errors import CyphrError, RateLimited

_BRANCH = re.compile(r"^    (?P<depth>(?:│   |    )*)[├└]── (?P<name>\w+) +\S", re.MULTILINE)


def _drawn() -> dict[str, str]:
    """Name → parent, as the docstring draws it."""
    parents: dict[str, str] = {}
    path = ["CyphrError"]
    for branch in _BRANCH.finditer(errors.__doc__ or ""):
        depth = len(branch["depth"]) // 4 + 1
        path[depth:] = [branch["name"]]
        parents[branch["name"]] = path[depth - 1]
    return parents


def _classes() -> list[type[CyphrError]]:
    found: list[type[CyphrError]] = []
    waiting = CyphrError.__subclasses__()
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(one.__subclasses__())
    return [one for one in found if one.__module__ == errors.__name__]


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert _drawn() == {one.__name__: one.__bases__[0].__name__ for one in _classes()}


def test_every_error_has_a_code_of_its_own_that_is_its_name() -> None:
    for one in _classes():
        assert one.code == re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one.__name__).lower()


def test_an_error_keeps_its_words_and_its_context() -> None:
    error = RateLimited("too fast", retry_after=3)
    assert (str(error), error.message, error.context, error.retryable) == (
        "too fast",
        "too fast",
        {"retry_after": 3},
        True,
    )
