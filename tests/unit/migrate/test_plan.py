"""What a plan reckons, and how it says it."""

import pytest

from cyphr.migrate.plan.document import Plan, as_markdown, cost_rows, duration, size
from cyphr.migrate.plan.estimate import estimate, read_costs
from cyphr.migrate.plan.inventory import Inventory, MovedTable, Note

_TABLES = [MovedTable("orders", 662_000, 900_000_000, 300_000_000)]


def test_time_is_bytes_by_the_pace_that_was_given_and_room_is_twice_what_moves() -> None:
    inventory = Inventory(_TABLES, {}, files=10, file_bytes=600_000_000)
    expected = estimate(inventory, 60.0)
    assert expected.copy_seconds == pytest.approx(30.0)
    assert expected.verify_seconds == pytest.approx(2.0)
    assert expected.target_bytes == 2_400_000_000


def test_a_name_with_a_bar_does_not_break_a_table_of_the_page() -> None:
    inventory = Inventory([MovedTable('"a|b"', 1, 1, 1)], {"view": ["v"]}, left_behind=[Note("schema auth", "why")])
    page = as_markdown(Plan(inventory, estimate(inventory, 60.0), read_costs(), ["on Supabase: a schema"]))
    assert '| "a\\|b" | 1 | 1 bytes | 1 bytes |' in page
    assert "| schema auth | why |" in page
    assert "- on Supabase: a schema" in page


def test_both_sides_costs_are_added_up_and_say_where_they_come_from() -> None:
    costs = read_costs()
    sums = {side: price for side, what, price in cost_rows(costs) if what == "together"}
    assert sums == {"Supabase": "25", "AWS": "110"}
    assert costs.source


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (7_200, "2.0 h")])
def test_a_duration_reads_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("count", "words"), [(999, "999 bytes"), (1_500, "1.5 kB"), (500 * 10**9, "500.0 GB")])
def test_a_size_reads_as_people_say_it(count: int, words: str) -> None:
    assert size(count) == words
