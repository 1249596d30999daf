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
    assert made.insert((b"1", b"x")) == (
        'insert into "public"."things" ("id", "a") overriding system value values (%s, %s)',
        ["1", "x"],
    )
    assert made.update(None, (b"1", b"y")) == (
        'update only "public"."things" set "a" = %s where "id" = %s',
        ["y", "1"],
    )
    assert made.delete((b"1", None)) == ('delete from only "public"."things" where "id" = %s', ["1"])


def test_a_changed_key_finds_the_row_by_the_old_one() -> None:
    assert statements(table()).update((b"1", None), (b"2", b"y"))[1] == ["y", "2", "1"]


def test_a_value_that_was_not_sent_is_left_as_it_is() -> None:
    made = statements(table(columns=("id", "a", "b")), ("id", "a", "b"))
    text, values = made.update(None, (b"1", UNCHANGED, b"z"))
    assert text == 'update only "public"."things" set "b" = %s where "id" = %s'
    assert values == ["z", "1"]
    text, values = made.update(None, (b"1", UNCHANGED, UNCHANGED))
    assert text == 'select from only "public"."things" where "id" = %s'
    assert values == ["1"]


def test_an_identity_column_that_is_always_generated_is_inserted_and_never_updated() -> None:
    columns = (Column("id", 2950, "uuid", False), Column("n", 20, "bigint", False, always_identity=True))
    receiving = Table("public", "things", "d", 0, 0, columns, ("id",))
    made = statements(receiving, ("id", "n"))
    assert made.settable((b"1", b"7")) == ()
    assert not made.can_replace
    # Where it has another value no row is touched, and the writer makes the row anew.
    text, values = made.update(None, (b"1", b"7"))
    assert text == 'select from only "public"."things" where "id" = %s and "n" = %s'
    assert values == ["1", "7"]


def test_many_rows_are_changed_by_one_statement_with_one_array_for_each_column() -> None:
    made = statements(table(columns=("id", "a", "price")), ("id", "a", "price"))
    assert made.update_many((2,)).decode() == (
        'update only "public"."things" as t set "price" = s.c2::numeric '
        'from unnest($1::text[], $2::text[]) as s (c0, c2) where t."id" = s.c0::uuid'
    )
    assert made.delete_many().decode() == (
        'delete from only "public"."things" as t using unnest($1::text[]) as s (c0) where t."id" = s.c0::uuid'
    )
    assert made.copy_many().decode() == 'copy "public"."things" ("id", "a", "price") from stdin'


def test_without_a_key_one_equal_row_is_taken_and_inexact_types_are_compared_by_their_text() -> None:
    receiving = table(key=(), columns=("a", "price", "doc"))
    text, values = statements(receiving, ("a", "price", "doc")).delete((b"x", b"1.00", None))
    assert text == (
        'delete from only "public"."things" where ctid = (select ctid from only "public"."things" where '
        '"a" is not distinct from %s and "price"::text is not distinct from %s and '
        '"doc"::text is not distinct from %s limit 1)'
    )
    assert values == ["x", "1.00", None]


def test_names_that_look_like_sql_or_placeholders_stay_names() -> None:
    receiving = table('100%s"; drop', key=("id",), columns=("id", 'a"%'))
    text, _ = statements(receiving, ("id", 'a"%')).update(None, (b"1", b"y"))
    assert text == 'update only "public"."100%%s""; drop" set "a""%%" = %s where "id" = %s'


def test_a_column_that_the_receiving_side_lacks_stops_the_stream_and_is_named() -> None:
    with pytest.raises(ApplyConflict, match=r"public\.things .*: the sending side has column new"):
        statements(table(), ("id", "a", "new"))


def test_a_column_that_the_sending_side_lost_stops_the_stream_and_is_named() -> None:
    with pytest.raises(ApplyConflict, match=r"public\.things .*: the receiving side has column a"):
        statements(table(), ("id",))


def test_a_column_whose_type_changed_stops_the_stream_and_is_named() -> None:
    with pytest.raises(ApplyConflict, match=r"the type of a is not the same"):
        Statements(Relation(1, "public", "things", "d", ("id", "a"), (True, False), (2950, 23)), table())
