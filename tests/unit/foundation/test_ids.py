"""Identifiers that sort by the time they were made."""

import subprocess
import sys
import time
from uuid import RFC_4122

from cyphr.foundation.ids import uuid7


def test_an_id_says_that_it_is_version_7() -> None:
    for _ in range(1_000):
        one = uuid7()
        assert (one.version, one.variant) == (7, RFC_4122)


def test_an_id_begins_with_the_milliseconds_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = uuid7().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_ids_of_later_milliseconds_sort_later_as_ids_and_as_text() -> None:
    first = uuid7()
    while time.time_ns() // 1_000_000 <= first.int >> 80:
        pass
    second = uuid7()
    assert first < second
    assert str(first) < str(second)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_a_child_does_not_give_out_what_its_parent_gives_out() -> None:
    program = (
        "import os\n"
        "from cyphr.foundation.ids import uuid7\n"
        "uuid7()\n"
        "is_parent = os.fork()\n"
        "os.write(1, f'{uuid7().int & (1 << 62) - 1}\\n'.encode())\n"
        "is_parent and os.wait()\n"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert len(set(made.stdout.split())) == 2
