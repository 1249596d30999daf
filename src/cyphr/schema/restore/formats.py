"""The two formats of a table's file: JSON (an object with ``data``, or a bare array of rows) and CSV with a header.

Values stay as they are written: a number keeps its digits (``Number``), so nothing is rounded on its way through
Python. Every error is InvalidInput and names the file and the place in it, never a value.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyphr.foundation.errors import InvalidInput

Row = dict[str, Any]
"""Column → str, Number, bool, None, or (for JSON columns) a list or dict."""


class Number(str):
    """A JSON number, digit for digit."""

    __slots__ = ()


@dataclass(frozen=True)
class TableFile:
    """One table's rows as its file gives them."""

    table: str
    path: Path
    rows: list[Row]

    @property
    def is_json(self) -> bool:
        """JSON says which values are strings, numbers and booleans; in CSV everything is text."""
        return self.path.suffix == ".json"


def read_table(path: Path) -> TableFile:
    """Read ``database/<table>.json`` or ``.csv``."""
    rows = _rows_of_json(path) if path.suffix == ".json" else list(_rows_of_csv(path))
    return TableFile(path.stem, path, rows)


def read_json(path: Path) -> Any:
    """A whole JSON document; numbers become Number. Raises InvalidInput naming line and column."""
    text = read_text(path)
    try:
        return json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_repeats,
        )
    except json.JSONDecodeError as error:
        end = " (the file ends too early: it looks truncated)" if error.pos >= len(text.rstrip()) else ""
        raise InvalidInput(
            f"{path.name}, line {error.lineno}, column {error.colno}: this is not valid JSON, {error.msg}{end}. "
            "Export the table again; nothing was loaded.",
            file=str(path),
            line=error.lineno,
        ) from error
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidInput(
            f"{path.name}: this JSON cannot be used, {reason}; nothing was loaded", file=str(path)
        ) from error


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark; refuses other encodings and NUL bytes."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror}); nothing was loaded", file=str(path)) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"{path.name}, line {line}: byte {error.start + 1} is not valid UTF-8. "
            "Export with UTF-8 encoding; nothing was loaded.",
            file=str(path),
            line=line,
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput(
            f"{path.name}, line {line}: the file holds a NUL byte, which no PostgreSQL text can hold. "
            "The file is damaged; export it again. Nothing was loaded.",
            file=str(path),
            line=line,
        )
    return text


def count_in(document: Any, name: str, path: Path) -> int | None:
    """The count called ``name`` in a JSON object; None when it is absent."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, Number) or not value.isdigit():
        raise InvalidInput(f"{path.name}: {name} is not a count of rows; nothing was loaded", file=str(path))
    return int(value)


def _rows_of_json(path: Path) -> list[Row]:
    document = read_json(path)
    rows = document
    if isinstance(document, dict):
        named = document.get("table_name", path.stem)
        if named != path.stem:
            raise InvalidInput(
                f"{path.name}: the file says that it holds table {named!r}, but its name says {path.stem!r}. "
                "Rename or export it again; nothing was loaded.",
                file=str(path),
            )
        rows = document.get("data")
    if not isinstance(rows, list):
        raise InvalidInput(
            f'{path.name}: expected an array of rows, or an object with "data": [rows]; nothing was loaded',
            file=str(path),
        )
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise InvalidInput(
                f"{path.name}, row {number}: expected an object of columns, found {describe(row)}; nothing was loaded",
                file=str(path),
                row=number,
            )
    if isinstance(document, dict):
        stated = count_in(document, "row_count", path)
        if stated is not None and stated != len(rows):
            raise InvalidInput(
                f"{path.name}: row_count says {stated}, but data holds {len(rows)} rows. "
                "The file is damaged or was edited; export it again. Nothing was loaded.",
                file=str(path),
            )
    return rows


_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\r|\Z)')


def _rows_of_csv(path: Path) -> Iterator[Row]:
    header: list[str] | None = None
    for number, record in enumerate(_records(path)):
        if header is None:
            header = [name or "" for name in record]
            if "" in header or len(set(header)) != len(header):
                raise InvalidInput(
                    f"{path.name}: the header names a column twice or not at all; nothing was loaded", file=str(path)
                )
            continue
        if len(record) != len(header):
            raise InvalidInput(
                f"{path.name}, row {number}: {len(record)} fields, but the header names {len(header)} columns. "
                "Is a comma or a quote missing? Nothing was loaded.",
                file=str(path),
                row=number,
            )
        yield dict(zip(header, record, strict=True))
    if header is None:
        raise InvalidInput(
            f"{path.name}: the file is empty; even a table without rows has a header. Nothing was loaded.",
            file=str(path),
        )


def _records(path: Path) -> Iterator[list[str | None]]:
    """CSV as PostgreSQL's COPY writes it: an empty field is null, a quoted empty field is the empty string.

    Python's csv module does not tell these two apart.
    """
    text = read_text(path)
    position, record = 0, list[str | None]()
    while position < len(text):
        found = _FIELD.match(text, position)
        if found is None:
            line = text.count("\n", 0, position) + 1
            raise InvalidInput(
                f"{path.name}, line {line}: a quote is not closed or stands where none may; nothing was loaded",
                file=str(path),
                line=line,
            )
        quoted, plain, end = found.groups()
        record.append(quoted.replace('""', '"') if quoted is not None else plain or None)
        position = found.end()
        if end == "," and position < len(text):
            continue
        if end == ",":
            record.append(None)
        yield record
        record = []


def describe(value: Any) -> str:
    """What kind of value this is, without giving it away."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, Number):
        return f"a number of {len(value)} characters"
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    return "an array" if isinstance(value, list) else "an object"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object names {twice!r} twice")
    return result
