"""Decoding of logical replication messages, on bytes put together by the protocol's documentation."""

import struct

import pytest

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.follow.pgoutput import (
    UNCHANGED,
    Begin,
    Commit,
    Delete,
    Insert,
    Mark,
    Relation,
    Truncate,
    Update,
    decode,
)


def row(*values: bytes | object | None) -> bytes:
    parts = [struct.pack(">H", len(values))]
    for value in values:
        if value is None:
            parts.append(b"n")
        elif value is UNCHANGED:
            parts.append(b"u")
        else:
            assert isinstance(value, bytes)
            parts.append(b"t" + struct.pack(">I", len(value)) + value)
    return b"".join(parts)


def test_a_transaction_begins_at_its_commit_record_and_ends_after_it() -> None:
    assert decode(b"B" + struct.pack(">QqI", 0x16_B374D848, 0, 7)) == Begin(0x16_B374D848)
    assert decode(b"C" + struct.pack(">BQQq", 0, 1, 2, 0)) == Commit(2)


def test_a_relation_carries_its_names_and_key() -> None:
    columns = b"\x01id\0" + struct.pack(">Ii", 2950, -1) + b"\x00na\xc3\xafve\0" + struct.pack(">Ii", 25, -1)
    message = b"R" + struct.pack(">I", 16401) + b"public\0users\0d" + struct.pack(">H", 2) + columns
    assert decode(message) == Relation(16401, "public", "users", "d", ("id", "naïve"), (True, False), (2950, 25))


def test_the_system_catalogue_is_sent_without_its_name() -> None:
    message = b"R" + struct.pack(">I", 1) + b"\0pg_class\0n" + struct.pack(">H", 0)
    assert decode(message) == Relation(1, "pg_catalog", "pg_class", "n", (), ())


def test_rows_hold_text_null_and_values_that_were_not_sent() -> None:
    assert decode(b"I" + struct.pack(">I", 5) + b"N" + row("ж".encode(), None, b"")) == Insert(
        5, ("ж".encode(), None, b"")
    )
    assert decode(b"U" + struct.pack(">I", 5) + b"N" + row(b"1", UNCHANGED)) == Update(5, None, (b"1", UNCHANGED))


def test_an_update_of_the_key_carries_the_old_one() -> None:
    message = b"U" + struct.pack(">I", 5) + b"K" + row(b"1", None) + b"N" + row(b"2", b"x")
    assert decode(message) == Update(5, (b"1", None), (b"2", b"x"))


def test_a_delete_carries_the_key_or_the_whole_row() -> None:
    assert decode(b"D" + struct.pack(">I", 5) + b"K" + row(b"1", None)) == Delete(5, (b"1", None))
    assert decode(b"D" + struct.pack(">I", 5) + b"O" + row(b"1", b"x")) == Delete(5, (b"1", b"x"))


@pytest.mark.parametrize(("options", "cascade", "restart"), [(0, False, False), (1, True, False), (3, True, True)])
def test_a_truncate_names_its_tables_and_options(options: int, cascade: bool, restart: bool) -> None:
    assert decode(b"T" + struct.pack(">IBII", 2, options, 5, 6)) == Truncate((5, 6), cascade, restart)


def test_only_our_own_messages_are_marks() -> None:
    def message(prefix: bytes, content: bytes) -> bytes:
        return b"M" + struct.pack(">BQ", 1, 9) + prefix + b"\0" + struct.pack(">I", len(content)) + content

    assert decode(message(b"cyphr", b'{"mark": "fenced", "epoch": 2}')) == Mark({"mark": "fenced", "epoch": 2})
    assert decode(message(b"somebody else", b"\xff not json")) is None


def test_types_and_origins_change_nothing() -> None:
    assert decode(b"Y" + b"anything") is None
    assert decode(b"O" + b"anything") is None


def test_a_message_of_a_later_protocol_stops_the_stream() -> None:
    with pytest.raises(ApplyConflict, match="unknown kind"):
        decode(b"S" + struct.pack(">IB", 7, 1))
