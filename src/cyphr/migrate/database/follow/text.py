"""PostgreSQL's two text forms of many values: lines for COPY, and array literals."""

import re
from collections.abc import Sequence

from cyphr.migrate.database.follow.pgoutput import Row, Value

_COPY_SPECIAL = re.compile(rb"[\\\n\r\t]")
_COPY_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t"}


def copy_line(row: Row) -> bytes:
    """One line of COPY's text format. Every value must be there."""
    if None not in row:
        line = b"\t".join(row)  # type: ignore[arg-type]
        # One look at the whole line settles it for nearly every row: no value holds anything to escape.
        if b"\\" not in line and b"\n" not in line and b"\r" not in line and line.count(b"\t") == len(row) - 1:
            return line + b"\n"
    return b"\t".join([_copy_value(value) for value in row]) + b"\n"


def array_literal(values: Sequence[Value]) -> bytes:
    """``values`` as a text[] of PostgreSQL."""
    if None not in values:
        joined = b'","'.join(values)  # type: ignore[arg-type]
        if b"\\" not in joined and joined.count(b'"') == 2 * (len(values) - 1):
            return b'{"' + joined + b'"}' if values else b"{}"
    return b"{" + b",".join([_array_value(value) for value in values]) + b"}"


def _copy_value(value: Value) -> bytes:
    if value is None:
        return b"\\N"
    assert isinstance(value, bytes), "a value that was not sent cannot be copied"
    return _COPY_SPECIAL.sub(lambda found: _COPY_ESCAPES[found[0]], value)


def _array_value(value: Value) -> bytes:
    if value is None:
        return b"NULL"
    assert isinstance(value, bytes), "a value that was not sent has no text"
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
