"""Named SQL: what a file may hold and what becomes of it."""

import pytest

from cyphr.foundation.queries import Queries, load_queries

_FILE = """
-- A comment before the first query belongs to nobody.

-- name: find_chat
-- Why it exists; with a semicolon; and a 'quote'.
select id -- the key
from chats
  -- an indented comment
where id = %(chat_id)s;

-- name: count_chats
select count(*), '-- name: not_one' from chats
"""


def test_a_query_is_its_text_without_full_line_comments_and_without_the_last_semicolon() -> None:
    assert Queries(_FILE, "here").find_chat == "select id -- the key\nfrom chats\nwhere id = %(chat_id)s"


def test_queries_are_named_in_the_order_of_the_file() -> None:
    assert Queries(_FILE, "here").names() == ["find_chat", "count_chats"]


def test_a_name_inside_a_query_begins_no_query() -> None:
    assert "not_one" in Queries(_FILE, "here").count_chats


def test_a_name_used_twice_is_refused_when_the_file_is_read() -> None:
    with pytest.raises(ValueError, match=r"chats/queries\.sql: a query name is used twice"):
        Queries("-- name: one\nselect 1;\n-- name: one\nselect 2;\n", "chats/queries.sql")


def test_an_unknown_name_says_which_file_lacks_it() -> None:
    with pytest.raises(AttributeError, match=r"here has no query named 'find_chats'"):
        _ = Queries(_FILE, "here").find_chats


def test_a_package_gives_the_queries_of_its_own_folder() -> None:
    assert "next_request" in load_queries("cyphr.migrate.sql").names()
