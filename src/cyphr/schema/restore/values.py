"""From a value in a file to the text that COPY reads, or a clear refusal naming file, row and column."""

import json
import re
from typing import Any

from cyphr.foundation.errors import InvalidInput
from cyphr.schema.restore.catalogue import Column
from cyphr.schema.restore.formats import Number, TableFile, describe

_TIME = re.compile(
    r"-?infinity|\d{4,}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d(:?\d\d){0,2}))?)?( BC)?"
)


def misfit(file: TableFile, row: int, column: str | None, reason: str, **context: Any) -> InvalidInput:
    """The one shape of every complaint about a value: where it is, what is wrong, what to do."""
    place = f"{file.path.name}, row {row}" + (f", column {column}" if column else "")
    return InvalidInput(
        f"{place}: {reason}. Correct it in the file or export the table again; nothing was loaded.",
        file=str(file.path),
        table=file.table,
        row=row,
        column=column,
        **context,
    )


def as_text(file: TableFile, row: int, column: Column, value: Any) -> str | None:
    """``value`` in PostgreSQL's input syntax for the column's type; None is null. Raises InvalidInput."""
    if value is None:
        if column.required:
            raise misfit(file, row, column.name, f"expected {column.type}, found null, which this column may not be")
        return None
    if file.is_json:
        value = _of_json(file, row, column, value)
    if column.category == "D" and column.type.startswith("timestamp") and not _TIME.fullmatch(value):
        raise misfit(
            file, row, column.name, f"expected a time like 2025-08-28T08:34:02.73+00:00, found {describe(value)}"
        )
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise misfit(file, row, column.name, "the text holds half of a surrogate pair, which is no character")
    if "\0" in value:
        raise misfit(file, row, column.name, "the text holds a NUL character, which no PostgreSQL text can hold")
    return str(value)


def _of_json(file: TableFile, row: int, column: Column, value: Any) -> str:
    if column.type in ("json", "jsonb"):
        return _dump(value)
    if column.category == "B":
        if isinstance(value, bool):
            return "t" if value else "f"
    elif column.category == "N":
        # Exports through a JavaScript driver write bigint and numeric as strings, to keep their digits.
        if isinstance(value, str):
            return value
    elif isinstance(value, str) and not isinstance(value, Number):
        return value
    raise misfit(file, row, column.name, f"expected {column.type}, found {describe(value)}")


def _dump(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_dump(part)}" for name, part in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
