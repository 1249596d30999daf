"""The SQL that applies a change."""

import pytest

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.catalogue import Column, Table
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Relation
from cyphr.migrate.database.follow.statements import Statements

_TYPES = {"id": (2950, "uuid"), "a": (25, "text"), "price": (1700, "numeric"), "doc": (114, "json")}


def table(name: str = "things", key: tuple[str, ...] = ("id",), columns: tuple[str, ...] = ("id", "a")) -> Table:
    made = tuple(Column(column, *_TYPES.get(column, (25, "text")), generated=False) for column in columns)
    return Table("public", name, "d", 0, 0, made, key)


def statements(receiving: Table, columns: tuple[str, ...] = ("id", "a")) -> Statements:
    return Statements(Relation(1, "public", receiving.name, "d", columns, (True, False)), receiving)


def test_a_row_is_found_by_its_key() -> None:
    made = statements(table())
    assert made.insert(("1", "x")) == (
        'insert into "public"."things" ("id", "a") overriding system value values (%s, %s)',
        ["1", "x"],
    )
    assert made.update(None, ("1", "y")) == (
        'update "public"."things" set "id" = %s, "a" = %s where "id" = %s',
        ["1", "y", "1"],
    )
    assert made.delete(("1", None)) == ('delete from "public"."things" where "id" = %s', ["1"])


def test_a_changed_key_finds_the_row_by_the_old_one() -> None:
    assert statements(table()).update(("1", None), ("2", "y"))[1] == ["2", "y", "1"]


def test_a_value_that_was_not_sent_is_left_as_it_is() -> None:
    text, values = statements(table()).update(None, ("1", UNCHANGED))
    assert text == 'update "public"."things" set "id" = %s where "id" = %s'
    assert values == ["1", "1"]


def test_without_a_key_one_equal_row_is_taken_and_inexact_types_are_compared_by_their_text() -> None:
    receiving = table(key=(), columns=("a", "price", "doc"))
    text, values = statements(receiving, ("a", "price", "doc")).delete(("x", "1.00", None))
    assert text == (
        'delete from "public"."things" where ctid = (select ctid from "public"."things" where '
        '"a" is not distinct from %s and "price"::text is not distinct from %s and '
        '"doc"::text is not distinct from %s limit 1)'
    )
    assert values == ["x", "1.00", None]


def test_names_that_look_like_sql_or_placeholders_stay_names() -> None:
    receiving = table('100%s"; drop', key=("id",), columns=("id", 'a"%'))
    text, _ = statements(receiving, ("id", 'a"%')).update(None, ("1", "y"))
    assert text == 'update "public"."100%%s""; drop" set "id" = %s, "a""%%" = %s where "id" = %s'


def test_a_column_that_the_receiving_side_lacks_stops_the_stream_and_is_named() -> None:
    with pytest.raises(ApplyConflict, match=r"public\.things: the sending side has column new"):
        statements(table(), ("id", "a", "new"))
