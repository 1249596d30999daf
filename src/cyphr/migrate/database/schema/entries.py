"""pg_dump's script, taken apart: what belongs to one table alone can be made as soon as that table's rows are there."""

import re
from collections import defaultdict

_HEADER = re.compile(r"^--\n-- Name: .*; Type: (?P<kind>.*?); Schema: .*\n--\n", re.MULTILINE)
_PART = r'(?:"(?:[^"]|"")+"|[^\s".]+)'
_TABLE = rf"(?P<schema>{_PART})\.(?P<name>{_PART})"
# An index of a partitioned table (ON ONLY) waits for those of its partitions; it stays with the rest.
_INDEX = re.compile(rf"^CREATE (?:UNIQUE )?INDEX {_PART} ON {_TABLE} USING ", re.MULTILINE)
_CONSTRAINT = re.compile(
    rf"^ALTER TABLE ONLY {_TABLE}\n    ADD CONSTRAINT {_PART} (?:PRIMARY KEY|UNIQUE|EXCLUDE) ", re.MULTILINE
)
_PATTERNS = {"INDEX": _INDEX, "CONSTRAINT": _CONSTRAINT}


def split_by_table(script: str) -> tuple[dict[tuple[str, str], str], str]:
    """The indexes and constraints of each table, by (schema, name), and the script without them."""
    starts = [*_HEADER.finditer(script)]
    if not starts:
        return {}, script
    by_table: defaultdict[tuple[str, str], str] = defaultdict(str)
    rest = [script[: starts[0].start()]]
    ends = [*(found.start() for found in starts[1:]), len(script)]
    for header, end in zip(starts, ends, strict=True):
        entry = script[header.start() : end]
        pattern = _PATTERNS.get(header["kind"])
        found = pattern.search(entry) if pattern else None
        if found:
            by_table[_unquoted(found["schema"]), _unquoted(found["name"])] += entry
        else:
            rest.append(entry)
    return dict(by_table), "".join(rest)


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
