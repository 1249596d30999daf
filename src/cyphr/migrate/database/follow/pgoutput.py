"""PostgreSQL's logical replication messages (plug-in pgoutput, protocol version 1), decoded.

Source: PostgreSQL documentation, "Logical Replication Message Formats". Values are the text that the sending server
prints, in UTF-8, and stay bytes: most go on to the receiving server as they came. NULL is None; a TOASTed value that
did not change is UNCHANGED and was not sent.
"""

import json
import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cyphr.foundation.errors import ApplyConflict


class _Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED = _Unchanged.UNCHANGED
Value = bytes | None | _Unchanged
Row = tuple[Value, ...]


# Changes are made by the hundred thousand a second, and frozen dataclasses take twice as long to make.


@dataclass(slots=True)
class Begin:
    """A transaction starts; ``final_lsn`` is where its commit record begins."""

    final_lsn: int


@dataclass(slots=True)
class Commit:
    """The transaction ended; ``end_lsn`` is the position just after its commit record."""

    end_lsn: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as the changes that follow describe it; ``key`` columns identify a row."""

    oid: int
    schema: str
    name: str
    replica_identity: str
    columns: tuple[str, ...]
    key: tuple[bool, ...]
    types: tuple[int, ...] = ()
    """OIDs of the columns' types, as the sending server numbers them."""


@dataclass(slots=True)
class Insert:
    relation: int
    new: Row


@dataclass(slots=True)
class Update:
    """``old`` is sent when the key changed (its columns only, others None), or for replica identity full (all)."""

    relation: int
    old: Row | None
    new: Row


@dataclass(slots=True)
class Delete:
    relation: int
    old: Row


@dataclass(frozen=True, slots=True)
class Truncate:
    relations: tuple[int, ...]
    cascade: bool
    restart_identity: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A message that this tool wrote into the stream with ``pg_logical_emit_message(true, 'cyphr', json)``."""

    content: dict[str, Any]


Message = Begin | Commit | Relation | Insert | Update | Delete | Truncate | Mark

_BEGIN = struct.Struct(">cQqI")
_COMMIT = struct.Struct(">cBQQq")
_U32 = struct.Struct(">I")
_relation_of = _length = _U32.unpack_from

INSERT, UPDATE, DELETE, BEGIN, COMMIT = b"IUDBC"
"""The first byte of the messages that come by the thousand."""
_U16 = struct.Struct(">H")


def decode(data: bytes, at: int = 0) -> Message | None:
    """The message that begins at ``at``; None for kinds that change nothing (types, origins, others' messages).

    Raises ApplyConflict for a kind that protocol version 1 does not have.
    """
    kind = data[at]
    if kind == INSERT:
        return Insert(_relation_of(data, at + 1)[0], _row(data, at + 6)[0])
    if kind == UPDATE:
        return _update(data, at)
    if kind == DELETE:
        return Delete(_relation_of(data, at + 1)[0], _row(data, at + 6)[0])
    if kind == BEGIN:
        return Begin(_BEGIN.unpack_from(data, at)[1])
    if kind == COMMIT:
        return Commit(_COMMIT.unpack_from(data, at)[3])
    if kind == 0x52:  # R
        return _relation(data, at)
    if kind == 0x54:  # T
        count, options = struct.unpack_from(">IB", data, at + 1)
        return Truncate(struct.unpack_from(f">{count}I", data, at + 6), bool(options & 1), bool(options & 2))
    if kind == 0x4D:  # M
        return _mark(data, at)
    if kind in (0x59, 0x4F):  # Y, O
        return None
    raise ApplyConflict(
        f"the sending server sent a message of unknown kind {chr(kind)!r}; its version is newer than this tool"
    )


def _update(data: bytes, at: int) -> Update:
    relation = _relation_of(data, at + 1)[0]
    old: Row | None = None
    position = at + 5
    if data[position] != 0x4E:  # not N: the old row comes first
        old, position = _row(data, position + 1)
    return Update(relation, old, _row(data, position + 1)[0])


def _row(data: bytes, position: int) -> tuple[Row, int]:
    """The tuple at ``position``, and the position after it."""
    values: list[Value] = []
    append = values.append
    count = data[position] << 8 | data[position + 1]
    position += 2
    for _ in range(count):
        kind = data[position]
        if kind == 0x74:  # t: text
            start = position + 5
            position = start + _length(data, position + 1)[0]
            append(data[start:position])
        else:
            append(None if kind == 0x6E else UNCHANGED)  # n: null, u: unchanged TOAST
            position += 1
    return tuple(values), position


def _relation(data: bytes, at: int) -> Relation:
    oid = _U32.unpack_from(data, at + 1)[0]
    schema, position = _string(data, at + 5)
    name, position = _string(data, position)
    replica_identity = chr(data[position])
    (count,) = _U16.unpack_from(data, position + 1)
    position += 3
    columns: list[str] = []
    key: list[bool] = []
    types: list[int] = []
    for _ in range(count):
        key.append(bool(data[position] & 1))
        column, position = _string(data, position + 1)
        columns.append(column)
        types.append(_U32.unpack_from(data, position)[0])
        position += 8  # the type's OID and its modifier
    # The server leaves pg_catalog's name out.
    return Relation(oid, schema or "pg_catalog", name, replica_identity, tuple(columns), tuple(key), tuple(types))


def _mark(data: bytes, at: int) -> Mark | None:
    prefix, position = _string(data, at + 10)
    if prefix != "cyphr":
        return None
    (length,) = _U32.unpack_from(data, position)
    return Mark(json.loads(data[position + 4 : position + 4 + length]))


def _string(data: bytes, position: int) -> tuple[str, int]:
    end = data.index(0, position)
    return data[position:end].decode(), end + 1
