"""What changed since the last comparison."""

import pytest

from cyphr.migrate.database import touched as module
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.pgoutput import UNCHANGED
from cyphr.migrate.database.touched import Touched

THINGS = Table("public", "things", "d", 0, 0, (), ("id",))
OTHERS = Table("public", "others", "d", 0, 0, (), ("id",))


def test_a_row_touched_twice_is_compared_once() -> None:
    touched = Touched()
    touched.row(THINGS, ("1",))
    touched.row(THINGS, ("1",))
    assert touched.keys(THINGS) == {("1",)}
    assert touched.keys(OTHERS) == set()


def test_a_table_without_a_key_or_truncated_is_compared_whole() -> None:
    touched = Touched()
    touched.row(THINGS, None)
    touched.row(THINGS, ("1",))
    assert touched.keys(THINGS) is None


def test_a_table_with_too_many_changes_is_compared_whole() -> None:
    touched = Touched()
    for number in range(module._KEYS_PER_TABLE + 1):
        touched.row(THINGS, (str(number),))
    assert touched.keys(THINGS) is None


def test_what_is_taken_is_gone_until_it_is_put_back() -> None:
    touched = Touched()
    touched.row(THINGS, ("1",))
    touched.whole(OTHERS)
    taken = touched.take()
    assert touched.keys(THINGS) == set()
    touched.row(THINGS, ("2",))
    touched.add(taken)
    assert touched.keys(THINGS) == {("1",), ("2",)}
    assert touched.keys(OTHERS) is None


def test_keys_come_as_bytes_or_text_and_one_that_was_not_sent_is_left_to_the_row_it_had_before() -> None:
    touched = Touched()
    touched.row(THINGS, (b"\xd0\x96", "2"))
    touched.row(THINGS, (UNCHANGED, "3"))
    assert touched.keys(THINGS) == {("Ж", "2")}


def test_when_all_tables_together_have_too_many_the_one_with_the_most_is_compared_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_KEYS", 10)
    touched = Touched()
    for number in range(7):
        touched.row(THINGS, (str(number),))
    for number in range(4):
        touched.row(OTHERS, (str(number),))
    assert touched.keys(THINGS) is None
    assert touched.keys(OTHERS) == {("0",), ("1",), ("2",), ("3",)}
    assert touched.count == 4
