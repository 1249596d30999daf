"""The SQL that applies one kind of change to one table, written once per relation."""

from psycopg import sql

from cyphr.foundation.errors import ApplyConflict
from cyphr.migrate.database.catalogue import Column, Table
from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Relation, Row, Value

# Types whose equality tells apart every two values that print differently. The others are compared by their text when
# a row has no key: json has no equality, 1.0 = 1.00, 0 = -0.
_EXACT_EQUALITY = {16, 17, 20, 21, 23, 25, 1043, 1082, 1083, 1114, 1184, 2950}


class Statements:
    """Turns changes of one relation into statements and parameters.

    Values travel as text of unknown type, so the receiving server reads each as its column's type, whatever that is.
    Raises ApplyConflict when the relation has a column that the receiving table lacks.
    """

    def __init__(self, relation: Relation, table: Table) -> None:
        self.table = table
        columns = {column.name: column for column in table.columns}
        missing = [name for name in relation.columns if name not in columns]
        if missing:
            raise ApplyConflict(
                f"{table.title}: the sending side has column {', '.join(missing)}, the receiving side has not. "
                "Make the same change of the schema on the receiving side, then resume.",
                table=table.title,
            )
        self._columns = [columns[name] for name in relation.columns]
        self._key = (
            [relation.columns.index(name) for name in table.key]
            if all(name in relation.columns for name in table.key)
            else []
        )
        name = _name(table.schema, table.name)
        self._table = f"only {name}"  # rows of a table that inherits from this one are its own
        names = ", ".join(_name(column.name) for column in self._columns)
        holes = ", ".join("%s" for _ in self._columns)
        self._insert = f"insert into {name} ({names}) overriding system value values ({holes})"
        if not self._columns:
            self._insert = f"insert into {name} default values"
        self._updates: dict[tuple[int, ...], str] = {}

    def key_of(self, row: Row) -> tuple[Value, ...] | None:
        """The values of the key, or None when the table has no key."""
        return tuple(row[position] for position in self._key) if self._key else None

    def insert(self, new: Row) -> tuple[str, list[Value]]:
        """Statement and parameters that insert ``new``."""
        return self._insert, list(new)

    def update(self, old: Row | None, new: Row) -> tuple[str, list[Value]]:
        """Statement and parameters that make the row ``old`` (None: found by the key in ``new``) into ``new``."""
        changed = tuple(position for position, value in enumerate(new) if value is not UNCHANGED)
        where, values = self._find(new if old is None else old)
        assignments = self._updates.get(changed)
        if assignments is None:
            assignments = self._updates[changed] = ", ".join(f"{_name(self._columns[p].name)} = %s" for p in changed)
        return f"update {self._table} set {assignments} where {where}", [new[p] for p in changed] + values

    def delete(self, old: Row) -> tuple[str, list[Value]]:
        """Statement and parameters that delete the row ``old``."""
        where, values = self._find(old)
        return f"delete from {self._table} where {where}", values

    def _find(self, row: Row) -> tuple[str, list[Value]]:
        if self._key:
            conditions = " and ".join(f"{_name(self._columns[position].name)} = %s" for position in self._key)
            return conditions, [row[position] for position in self._key]
        # Replica identity full without a key: several rows may be equal, and any one of them will do.
        present = [(column, value) for column, value in zip(self._columns, row, strict=True) if value is not UNCHANGED]
        conditions = " and ".join(_same(column) for column, _ in present) or "true"
        return f"ctid = (select ctid from {self._table} where {conditions} limit 1)", [value for _, value in present]


def _same(column: Column) -> str:
    cast = "" if column.type_oid in _EXACT_EQUALITY else "::text"
    return f"{_name(column.name)}{cast} is not distinct from %s"


def _name(*parts: str) -> str:
    """A quoted identifier for a statement with ``%s`` parameters."""
    return sql.Identifier(*parts).as_string(None).replace("%", "%%")
