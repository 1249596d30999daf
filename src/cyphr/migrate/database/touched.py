"""Which rows changed since they were last compared, so that the check under the fence is small."""

from collections import defaultdict

from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.follow.pgoutput import Value

_KEYS_PER_TABLE = 100_000


class Touched:
    """Keys of changed rows per table; a table with too many, without a key, or truncated, counts as a whole."""

    def __init__(self) -> None:
        self._keys: defaultdict[tuple[str, str], set[tuple[Value, ...]]] = defaultdict(set)
        self._whole: set[tuple[str, str]] = set()

    def row(self, table: Table, key: tuple[Value, ...] | None) -> None:
        """Remember one row; ``key`` None: the table has none."""
        name = (table.schema, table.name)
        if name in self._whole:
            return
        if key is None or len(self._keys[name]) >= _KEYS_PER_TABLE:
            self.whole(table)
        else:
            self._keys[name].add(key)

    def whole(self, table: Table) -> None:
        """Remember that anything in the table may have changed."""
        name = (table.schema, table.name)
        self._whole.add(name)
        self._keys.pop(name, None)

    def keys(self, table: Table) -> set[tuple[Value, ...]] | None:
        """The changed rows' keys; None when the whole table must be compared."""
        name = (table.schema, table.name)
        return None if name in self._whole else self._keys.get(name, set())

    def take(self) -> "Touched":
        """Everything remembered so far; starts anew here."""
        taken = Touched()
        taken._keys, taken._whole = self._keys, self._whole
        self._keys, self._whole = defaultdict(set), set()
        return taken

    def add(self, other: "Touched") -> None:
        """Put back what was taken, when its comparison could not be finished."""
        self._whole |= other._whole
        for name, keys in other._keys.items():
            if name not in self._whole:
                self._keys[name] |= keys
