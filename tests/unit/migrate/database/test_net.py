"""What a run of changes comes to, held against making the changes one after the other."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from cyphr.migrate.database.catalogue import Column, Table
from cyphr.migrate.database.follow.net import Change, Net, Replay, fold
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Delete, Insert, Relation, Row, Truncate, Update
from cyphr.migrate.database.follow.statements import Key, Statements

COLUMNS = (Column("id", 25, "text", False), Column("a", 25, "text", False), Column("b", 25, "text", False))


def relations(key: tuple[str, ...] = ("id",), replica_identity: str = "d") -> dict[int, Statements]:
    names = tuple(column.name for column in COLUMNS)
    relation = Relation(1, "public", "things", replica_identity, names, (True, False, False))
    return {1: Statements(relation, Table("public", "things", replica_identity, 0, 0, COLUMNS, key))}


def nets(changes: list[Change], key: tuple[str, ...] = ("id",)) -> list[Net]:
    (step,) = fold(changes, relations(key))
    assert isinstance(step, list)
    return step


Rows = dict[Key, Row]


def make(rows: Rows, change: Change) -> None:
    """One change as PostgreSQL makes it."""
    match change:
        case Truncate():
            rows.clear()
        case Insert(_, new):
            assert new[:1] not in rows
            rows[new[:1]] = new
        case Update(_, old, new):
            before = rows.pop((old or new)[:1])
            rows[new[:1]] = tuple(b if n is UNCHANGED else n for b, n in zip(before, new, strict=True))
        case Delete(_, old):
            del rows[old[:1]]


def make_net(rows: Rows, net: Net) -> None:
    for key in net.deletes():
        del rows[key]
    for positions, found in net.updates().items():
        for key, new in found:
            before = rows[key]
            rows[key] = tuple(new[p] if p in positions else before[p] for p in range(len(before)))
    for new in net.inserts():
        make(rows, Insert(1, new))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Rows, list[Change]]:
    """Rows that are there, and changes that could have been made to them."""
    keys = [str(number).encode() for number in range(5)]
    start: Rows = {(key,): (key, b"a", b"b") for key in draw(st.sets(st.sampled_from(keys)))}
    rows, changes = dict(start), cast("list[Change]", [])
    for number in range(draw(st.integers(0, 25))):
        key = draw(st.sampled_from(keys))
        value = draw(st.sampled_from([str(number).encode(), None, UNCHANGED]))
        kinds = ["truncate"] if number % 11 == 10 else ["update", "delete", "move"] if (key,) in rows else ["insert"]
        change: Change
        match draw(st.sampled_from(kinds)):
            case "insert":
                change = Insert(1, (key, None if value is UNCHANGED else value, b"new"))
            case "update":
                change = Update(1, None, (key, value, b"updated"))
            case "delete":
                change = Delete(1, (key, None, None))
            case "move":
                free = [other for other in keys if (other,) not in rows]
                if not free:
                    continue
                change = Update(1, (key, None, None), (draw(st.sampled_from(free)), value, b"moved"))
            case _:
                change = Truncate((1,), False, False)
        make(rows, change)
        changes.append(change)
    return start, changes


@given(histories())
def test_folded_changes_lead_where_the_changes_lead_one_after_the_other(history: tuple[Rows, list[Change]]) -> None:
    start, changes = history
    expected, folded = dict(start), dict(start)
    for change in changes:
        make(expected, change)
    for step in fold(changes, relations()):
        if isinstance(step, list):
            for net in step:
                make_net(folded, net)
        else:
            make(folded, step)
    assert folded == expected


def test_a_row_that_came_and_went_leaves_nothing_to_do() -> None:
    (net,) = nets(
        [Insert(1, (b"1", b"x", b"y")), Update(1, None, (b"1", b"z", UNCHANGED)), Delete(1, (b"1", None, None))]
    )
    assert (net.inserts(), net.updates(), net.deletes()) == ([], {}, [])


def test_many_updates_of_a_row_are_one_and_an_unsent_value_is_the_last_that_was_sent() -> None:
    (net,) = nets([Update(1, None, (b"1", b"long", b"y")), Update(1, None, (b"1", UNCHANGED, b"z"))])
    assert net.updates() == {(1, 2): [((b"1",), (b"1", b"long", b"z"))]}


def test_rows_without_a_key_are_folded_only_while_they_are_inserted() -> None:
    changes: list[Change] = [
        Insert(1, (b"1", b"x", None)),
        Insert(1, (b"1", b"x", None)),
        Delete(1, (b"1", b"x", None)),
    ]
    first, second = fold(changes, relations((), "f"))
    assert isinstance(first, list)
    assert len(first[0].inserts()) == 2
    assert second == changes[2]


def test_a_replayed_change_stands_alone() -> None:
    changes: list[Change] = [Insert(1, (b"1", b"x", None)), Replay(Delete(1, (b"1", None, None)))]
    assert list(fold(changes, relations()))[1] == changes[1]
