"""Single rows: which of them differ, and how to say so without saying a secret."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from cyphr.foundation.cancellation import together
from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.verify.view import Rows, View

LINES_PER_TABLE = 20
_SHOWN = 40
_MD5 = 32
_LONGEST_VALUE = 100_000
_SECRET = re.compile(r"passw|secret|token|hash|salt|credential|private|(^|_)(pin|key|otp|pass)($|_|\d)", re.IGNORECASE)

Key = tuple[str, ...]


@dataclass(frozen=True)
class RowDifference:
    """One row that is not the same on both sides: how many like ``hash`` each side has.

    ``key``: the values of the key as text; empty when the table has none, and the hash alone tells.
    """

    key: Key
    hash: int
    here: int
    there: int


@dataclass
class TableVerification:
    """What the comparison of one table found. ``lines``: the differences in words, at most ``limit`` of them.

    ``is_rewritten``: the two sides differ, and nothing is known, because the table could not be read as it was at the
    point that was to be compared.
    """

    table: Table
    rows: int = 0
    limit: int = LINES_PER_TABLE
    is_rewritten: bool = False
    found: list[RowDifference] = field(default_factory=list)
    parts_unopened: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def room(self) -> int:
        """How many more rows may be found."""
        return self.limit - len(self.found)

    def by_row(self) -> list[list[RowDifference]]:
        """The differences, those of one key together."""
        rows: dict[Key | int, list[RowDifference]] = {}
        for difference in self.found:
            rows.setdefault(difference.key or difference.hash, []).append(difference)
        return list(rows.values())


def count_differences(ours: Rows, theirs: Rows) -> list[RowDifference]:
    """Rows (key, hash, number) that one side has more often than the other."""
    here, there = _counted(ours), _counted(theirs)
    return [
        RowDifference(*row, here[row], there[row])
        for row in sorted(here.keys() | there.keys())
        if here[row] != there[row]
    ]


def _counted(rows: Rows) -> Counter[tuple[Key, int]]:
    counter: Counter[tuple[Key, int]] = Counter()
    for key, hashed, number in rows:
        counter[tuple(key), hashed] += number
    return counter


async def describe(source: View, target: View, result: TableVerification) -> None:
    """Put the differences into words: table, key, and which columns differ how."""
    rows = result.by_row()
    shown = rows[:LINES_PER_TABLE]
    if result.table.key:
        result.lines = await _keyed_lines(source, target, result.table, shown)
    else:
        result.lines = await _keyless_lines(source, target, result.table, [each[0] for each in shown])
    if not rows:
        result.lines.append(f"{result.table.title}: differs, and no row that does could be found; verify again")
    if len(rows) > len(shown):
        result.lines.append(f"{result.table.title}: and {len(rows) - len(shown)} more")
    if result.parts_unopened:
        result.lines.append(f"{result.table.title}: and more rows in {result.parts_unopened} parts not looked into")


async def _keyed_lines(source: View, target: View, table: Table, shown: list[list[RowDifference]]) -> list[str]:
    changed = [rows[0].key for rows in shown if _is_on_both(rows)]
    ours, theirs = await together(_values(view, table, changed) for view in (source, target))
    lines = []
    for rows in shown:
        key = rows[0].key
        title = f"{table.title} {name_of(table, key)}"
        if _is_on_both(rows):
            lines.append(f"{title}: differs{_columns(ours.get(key, {}), theirs.get(key, {}))}")
        else:
            lines.append(f"{title}: {_where(rows[0])}")
    return lines


async def _keyless_lines(source: View, target: View, table: Table, shown: list[RowDifference]) -> list[str]:
    hashes = [row.hash for row in shown]
    examples = await together(_examples(view, table, hashes) for view in (source, target))
    lines = []
    for row in shown:
        text = examples[0].get(row.hash) or examples[1].get(row.hash, "")
        times = (
            f" ({row.here} times on the sending side, {row.there} on the receiving)"
            if max(row.here, row.there) > 1
            else ""
        )
        lines.append(f"{table.title} {text}: {_where(row)}{times}")
    return lines


def _is_on_both(rows: list[RowDifference]) -> bool:
    return any(row.here for row in rows) and any(row.there for row in rows)


def _where(row: RowDifference) -> str:
    return "missing on the receiving side" if row.here > row.there else "only on the receiving side"


async def _values(view: View, table: Table, keys: Sequence[Key]) -> dict[Key, dict[str, str]]:
    """Every column of the rows with these keys: its MD5, then how it prints inside a row, where NULL is ``()``."""
    if not keys:
        return {}
    names = [column.name for column in table.columns]
    printed = sql.SQL(", ").join(
        sql.SQL("md5(row({0})::text) || left(row({0})::text, {1})").format(
            sql.Identifier("t", name), sql.Literal(_LONGEST_VALUE)
        )
        for name in names
    )
    query = sql.SQL("select {}, array[{}] from {}").format(
        view.key_values(table), printed, view.rows_with_keys(table, keys)
    )
    found = await view.rows(query)
    return {tuple(key): dict(zip(names, values, strict=True)) for key, values in found}


async def _examples(view: View, table: Table, hashes: list[int]) -> dict[int, str]:
    """One row per hash, without what may be secret."""
    names = [sql.Identifier("t", column.name) for column in table.columns if not _SECRET.search(column.name)]
    query = sql.SQL(
        "select distinct on (1) {hash}, left(row({shown})::text, 200) from {table}"
        " where {hash} = any ({hashes}::bigint[])"
    )
    shown = sql.SQL(", ").join(names)
    found = await view.scan(table, query, hashes=sql.Literal(hashes), hash=view.row_hash(table), shown=shown)
    return dict(found)


def name_of(table: Table, key: Key) -> str:
    """The key in brackets. What may be secret is not shown, but can be found: ``left(md5(column::text), 12)``."""
    parts = [
        f"md5 {hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()[:12]}" if _SECRET.search(name) else value
        for name, value in zip(table.key, key, strict=True)
    ]
    return f"({', '.join(parts)})"


def _columns(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """Which columns differ, and how."""
    told = []
    for name, value in ours.items():
        other = theirs.get(name, "")
        if value == other:
            continue
        if _SECRET.search(name):
            told.append(f"{name} (not shown)")
        else:
            here, there = _around_first_difference(value[_MD5:], other[_MD5:])
            told.append(f"{name}: {here} on the sending side, {there} on the receiving side")
    return f" in {'; '.join(told)}" if told else ""


def _around_first_difference(one: str, other: str) -> tuple[str, str]:
    """Both values, shortened to what surrounds the first place where they differ."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - _SHOWN // 2)
    return _shorten(one, start), _shorten(other, start)


def _shorten(value: str, start: int) -> str:
    if value == "()":
        return "NULL"
    value = value.removeprefix("(").removesuffix(")")
    start = max(0, start - 1)
    return ("…" if start else "") + value[start : start + _SHOWN] + ("…" if len(value) > start + _SHOWN else "")
