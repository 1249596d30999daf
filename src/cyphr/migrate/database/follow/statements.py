"""The SQL that applies changes to one table, written once per relation: for one row, and for many at once."""

from collections.abc import Sequence

from psycopg import sql

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.catalogue import Column, Table
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Relation, Row, Value

Key = tuple[Value, ...]
Parameters = list[str | None]

# Types whose equality tells apart every two values that print differently. The others are compared by their text when
# a row has no key: json has no equality, 1.0 = 1.00, 0 = -0.
_EXACT_EQUALITY = {16, 17, 20, 21, 23, 25, 1043, 1082, 1083, 1114, 1184, 2950}
_FIRST_USER_OID = 16384


class Statements:
    """Turns changes of one relation into statements and parameters.

    Values travel as text, so the receiving server reads each as its column's type, whatever that is.
    Raises ApplyConflict when the relation and the receiving table have different columns.
    """

    def __init__(self, relation: Relation, table: Table) -> None:
        self.table = table
        _demand_same_columns(relation, table)
        columns = {column.name: column for column in table.columns}
        self._columns = [columns[name] for name in relation.columns]
        self._key = (
            [relation.columns.index(name) for name in table.key]
            if all(name in relation.columns for name in table.key)
            else []
        )
        self._only_key = self._key[0] if len(self._key) == 1 else None
        self._settable = {
            position
            for position, column in enumerate(self._columns)
            if position not in self._key and not column.always_identity
        }
        # What an update cannot set: generated always as identity, and not part of the key. It can be set to a default.
        self.fixed = tuple(
            position
            for position, column in enumerate(self._columns)
            if position not in self._key and column.always_identity
        )
        self._table = sql.Identifier(table.schema, table.name).as_string(None)
        self._only = f"only {self._table}"  # a table that inherits from this one has rows of its own
        self._names = [sql.Identifier(column.name).as_string(None) for column in self._columns]

    @property
    def has_key(self) -> bool:
        """Whether a row can be found by a key rather than by all that is in it."""
        return bool(self._key)

    @property
    def can_replace(self) -> bool:
        """Whether an update can turn a row into any other of the same key (an identity column may forbid it)."""
        return len(self._settable) + len(self._key) == len(self._columns)

    def key_of(self, row: Row) -> Key | None:
        """The values of the key, or None when the table has no key."""
        if self._only_key is not None:  # as most tables have it, and this is asked of every change
            return (row[self._only_key],)
        return tuple([row[position] for position in self._key]) if self._key else None

    def settable(self, row: Row) -> tuple[int, ...]:
        """Positions of the columns that an update to ``row`` sets."""
        return tuple(position for position in sorted(self._settable) if row[position] is not UNCHANGED)

    # One row at a time, with psycopg's placeholders.

    def insert(self, new: Row) -> tuple[str, Parameters]:
        """Statement and parameters that insert ``new``."""
        holes = ", ".join("%s" for _ in self._names)
        names = _literal(", ".join(self._names))
        if not names:  # a table may have no columns
            return f"insert into {_literal(self._table)} default values", []
        text = f"insert into {_literal(self._table)} ({names}) overriding system value values ({holes})"
        return text, _texts(new)

    def update(self, old: Row | None, new: Row) -> tuple[str, Parameters]:
        """Statement and parameters that make the row ``old`` (None: found by the key in ``new``) into ``new``.

        They touch no row when that row has another value in a column that an update cannot set.
        """
        positions = self.settable(new)
        if old is not None:  # the key may have changed
            positions += tuple(p for p in self._key if not self._columns[p].always_identity)
        where, values = self._find(new if old is None else old)
        same = [*self.fixed, *(p for p in self._key if old is not None and self._columns[p].always_identity)]
        where += "".join(f" and {_literal(self._names[position])} = %s" for position in same)
        values += _texts([new[position] for position in same])
        if not positions:  # nothing can change; the row must be there all the same
            return f"select from {_literal(self._only)} where {where}", values
        assignments = ", ".join(f"{_literal(self._names[position])} = %s" for position in positions)
        text = f"update {_literal(self._only)} set {assignments} where {where}"
        return text, _texts([new[position] for position in positions]) + values

    def delete(self, old: Row) -> tuple[str, Parameters]:
        """Statement and parameters that delete the row ``old``."""
        where, values = self._find(old)
        return f"delete from {_literal(self._only)} where {where}", values

    # Many rows at once, with the server's own placeholders: one array of texts per column.

    def copy_many(self) -> bytes:
        """The COPY that takes many new rows as text."""
        columns = f"({', '.join(self._names)})" if self._names else ""
        return f"copy {self._table} {columns} from stdin".encode()

    def update_many(self, positions: tuple[int, ...]) -> bytes:
        """Set the columns at ``positions`` of many rows; the arrays: the key's columns, those, and ``fixed``."""
        values = ", ".join(f"{self._names[p]} = s.c{p}::{self._columns[p].type}" for p in positions)
        return (
            f"update {self._only} as t set {values} from {self._given([*self._key, *positions, *self.fixed])}".encode()
        )

    def delete_many(self) -> bytes:
        """Delete many rows; the arrays are the key's columns."""
        return f"delete from {self._only} as t using {self._given(self._key)}".encode()

    def _given(self, positions: Sequence[int]) -> str:
        arrays = ", ".join(f"${number}::text[]" for number in range(1, len(positions) + 1))
        names = ", ".join(f"c{position}" for position in positions)
        same = " and ".join(
            f"t.{self._names[p]} = s.c{p}::{self._columns[p].type}"
            for p in [*self._key, *(p for p in self.fixed if p in positions)]
        )
        return f"unnest({arrays}) as s ({names}) where {same}"

    def select(self, key: Key) -> tuple[str, Parameters]:
        """Statement and parameters that read the row of ``key`` as the stream would send it."""
        conditions = " and ".join(f"{_literal(self._names[p])} = %s" for p in self._key)
        names = _literal(", ".join(self._names))
        return f"select {names} from {_literal(self._only)} where {conditions}", _texts(key)

    def _find(self, row: Row) -> tuple[str, Parameters]:
        if self._key:
            conditions = " and ".join(f"{_literal(self._names[position])} = %s" for position in self._key)
            return conditions, _texts([row[position] for position in self._key])
        # Replica identity full without a key: several rows may be equal, and any one of them will do.
        present = [position for position, value in enumerate(row) if value is not UNCHANGED]
        conditions = " and ".join(self._same(position) for position in present) or "true"
        table = _literal(self._only)
        return f"ctid = (select ctid from {table} where {conditions} limit 1)", _texts([row[p] for p in present])

    def _same(self, position: int) -> str:
        cast = "" if self._columns[position].type_oid in _EXACT_EQUALITY else "::text"
        return f"{_literal(self._names[position])}{cast} is not distinct from %s"


def _demand_same_columns(relation: Relation, table: Table) -> None:
    """Raises ApplyConflict when the two tables differ."""
    receiving: dict[str, Column] = {column.name: column for column in table.columns}
    sent = set(relation.columns)
    only_there = [name for name in relation.columns if name not in receiving]
    only_here = [column.name for column in table.sent_columns if column.name not in sent]
    changed = [
        name
        for name, oid in zip(relation.columns, relation.types, strict=False)
        if name in receiving
        and oid < _FIRST_USER_OID
        and receiving[name].type_oid < _FIRST_USER_OID
        and oid != receiving[name].type_oid
    ]
    found = [
        *([f"the sending side has column {', '.join(only_there)}, the receiving side has not"] if only_there else []),
        *([f"the receiving side has column {', '.join(only_here)}, the sending side has not"] if only_here else []),
        *([f"the type of {', '.join(changed)} is not the same on both sides"] if changed else []),
    ]
    if found:
        raise ApplyConflict(
            f"{table.title} was changed while it is followed: {'; '.join(found)}. Make the same change of the schema "
            "on the receiving side; following then goes on by itself.",
            table=table.title,
        )


def _texts(values: Sequence[Value]) -> Parameters:
    return [value.decode() if isinstance(value, bytes) else None for value in values]


def _literal(name: str) -> str:
    """A quoted name inside a statement with ``%s`` parameters."""
    return name.replace("%", "%%")
