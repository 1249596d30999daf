"""PostgreSQL's text forms, on values that were chosen to break them."""

from cyphr.migrate.database.follow.text import array_literal, copy_line


def test_plain_values_pass_as_they_are() -> None:
    assert copy_line((b"1", "ж".encode(), b"")) == "1\tж\t\n".encode()
    assert array_literal([b"1", b"", b"a,b{}"]) == b'{"1","","a,b{}"}'


def test_what_would_end_a_value_or_a_line_is_escaped() -> None:
    assert copy_line((b"a\tb", b"c\nd", b"e\\f", b"\r")) == b"a\\tb\tc\\nd\te\\\\f\t\\r\n"
    assert array_literal([b'say "no"', b"back\\slash"]) == b'{"say \\"no\\"","back\\\\slash"}'


def test_null_is_not_the_word_and_not_the_empty_value() -> None:
    assert copy_line((None, b"\\N", b"NULL", b"")) == b"\\N\t\\\\N\tNULL\t\n"
    assert array_literal([None, b"NULL", b"null"]) == b'{NULL,"NULL","null"}'


def test_an_empty_list_is_an_empty_array() -> None:
    assert array_literal([]) == b"{}"
