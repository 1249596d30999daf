"""What a run of changes comes to, held against making the changes one after the other."""

from collections.abc import Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from cyphr.migrate.database.catalogue import Column, Table
from cyphr.migrate.database.follow.net import Change, Net, Replay, fold, split
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Delete, Insert, Relation, Row, Truncate, Update
from cyphr.migrate.database.follow.statements import Key, Statements

COLUMNS = (Column("id", 25, "text", False), Column("a", 25, "text", False), Column("b", 25, "text", False))


def relations(key: tuple[str, ...] = ("id",), replica_identity: str = "d") -> dict[int, Statements]:
    names = tuple(column.name for column in COLUMNS)
    return {
        oid: Statements(
            Relation(oid, "public", f"things{oid}", replica_identity, names, (True, False, False)),
            Table("public", f"things{oid}", replica_identity, 0, 0, COLUMNS, key),
        )
        for oid in (1, 2)
    }


def net_of(changes: list[Change]) -> Net:
    (net,) = fold(changes, relations())
    assert isinstance(net, Net)
    return net


Rows = dict[Key, Row]
Tables = dict[int, Rows]


def make(tables: Tables, change: Change) -> None:
    """One change as PostgreSQL makes it."""
    match change:
        case Truncate(oids):
            for oid in oids:
                tables[oid].clear()
        case Insert(oid, new):
            assert new[:1] not in tables[oid]
            tables[oid][new[:1]] = new
        case Update(oid, old, new):
            before = tables[oid].pop((old or new)[:1])
            tables[oid][new[:1]] = tuple(b if n is UNCHANGED else n for b, n in zip(before, new, strict=True))
        case Delete(oid, old):
            del tables[oid][old[:1]]


def make_net(tables: Tables, net: Net) -> None:
    oid = int(net.statements.table.name.removeprefix("things"))
    rows = tables[oid]
    for key in net.deletes():
        del rows[key]
    for positions, found in net.updates().items():
        for key, new in found:
            before = rows[key]
            rows[key] = tuple(new[p] if p in positions else before[p] for p in range(len(before)))
    for new in net.inserts():
        make(tables, Insert(oid, new))


def copy_of(tables: Tables) -> Tables:
    return {oid: dict(rows) for oid, rows in tables.items()}


def make_folded(tables: Tables, changes: Sequence[Change]) -> None:
    for step in fold(changes, relations()):
        if isinstance(step, Net):
            make_net(tables, step)
        else:
            make(tables, step)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Tables, list[Change]]:
    """Rows that are there, and changes that could have been made to them."""
    keys = [str(number).encode() for number in range(5)]
    start: Tables = {oid: {(key,): (key, b"a", b"b") for key in draw(st.sets(st.sampled_from(keys)))} for oid in (1, 2)}
    tables, changes = copy_of(start), cast("list[Change]", [])
    for number in range(draw(st.integers(0, 40))):
        oid = draw(st.sampled_from([1, 2]))
        rows = tables[oid]
        key = draw(st.sampled_from(keys))
        value = draw(st.sampled_from([str(number).encode(), None, UNCHANGED]))
        kinds = ["truncate"] if number % 11 == 10 else ["update", "delete", "move"] if (key,) in rows else ["insert"]
        change: Change
        match draw(st.sampled_from(kinds)):
            case "insert":
                change = Insert(oid, (key, None if value is UNCHANGED else value, b"new"))
            case "update":
                change = Update(oid, None, (key, value, b"updated"))
            case "delete":
                change = Delete(oid, (key, None, None))
            case "move":
                free = [other for other in keys if (other,) not in rows]
                if not free:
                    continue
                change = Update(oid, (key, None, None), (draw(st.sampled_from(free)), value, b"moved"))
            case _:
                change = Truncate(draw(st.sampled_from([(1,), (2,), (1, 2)])), False, False)
        make(tables, change)
        changes.append(change)
    return start, changes


@given(histories())
def test_folded_changes_lead_where_the_changes_lead_one_after_the_other(history: tuple[Tables, list[Change]]) -> None:
    start, changes = history
    expected, folded = copy_of(start), copy_of(start)
    for change in changes:
        make(expected, change)
    make_folded(folded, changes)
    assert folded == expected


@given(histories())
def test_changes_that_are_split_and_split_again_lead_there_too(history: tuple[Tables, list[Change]]) -> None:
    start, changes = history
    expected, parted, pieces = copy_of(start), copy_of(start), [cast("Sequence[Change]", changes)]
    for change in changes:
        make(expected, change)
    while pieces:
        if len(piece := pieces.pop(0)) <= 1:
            make_folded(parted, piece)
        else:
            parts = split(piece)
            assert all(parts)
            assert sum(map(len, parts)) == len(piece)
            pieces[:0] = parts
    assert parted == expected


def test_a_row_that_came_and_went_leaves_nothing_to_do() -> None:
    net = net_of(
        [Insert(1, (b"1", b"x", b"y")), Update(1, None, (b"1", b"z", UNCHANGED)), Delete(1, (b"1", None, None))]
    )
    assert (net.inserts(), net.updates(), net.deletes()) == ([], {}, [])


def test_many_updates_of_a_row_are_one_and_an_unsent_value_is_the_last_that_was_sent() -> None:
    net = net_of([Update(1, None, (b"1", b"long", b"y")), Update(1, None, (b"1", UNCHANGED, b"z"))])
    assert net.updates() == {(1, 2): [((b"1",), (b"1", b"long", b"z"))]}


def test_rows_without_a_key_are_folded_only_while_they_are_inserted() -> None:
    changes: list[Change] = [
        Insert(1, (b"1", b"x", None)),
        Insert(1, (b"1", b"x", None)),
        Delete(1, (b"1", b"x", None)),
    ]
    first, second = fold(changes, relations((), "f"))
    assert isinstance(first, Net)
    assert len(first.inserts()) == 2
    assert second == changes[2]


def test_a_replayed_change_stands_alone() -> None:
    changes: list[Change] = [Insert(1, (b"1", b"x", None)), Replay(Delete(1, (b"1", None, None)))]
    assert list(fold(changes, relations()))[1] == changes[1]
