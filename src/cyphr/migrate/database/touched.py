"""Which rows changed since they were last compared, so that the check under the fence is small."""

from collections import defaultdict
from collections.abc import Collection

from cyphr.migrate.database.catalogue import Table

_KEYS_PER_TABLE = 100_000
_KEYS = 500_000

Key = tuple[str, ...]


class Touched:
    """Keys of changed rows per table.

    A table with too many, without a key, or truncated, counts as a whole. When all tables together have too many, the
    one with the most does, so that memory stays bounded however long the stream flows and however many tables it has.
    """

    def __init__(self) -> None:
        self._keys: defaultdict[tuple[str, str], set[tuple[object, ...]]] = defaultdict(set)
        self._whole: set[tuple[str, str]] = set()
        self._count = 0

    def row(self, table: Table, key: tuple[object, ...] | None) -> None:
        """Remember one row by its key, as bytes or text; ``key`` None: the table has none."""
        name = (table.schema, table.name)
        if name in self._whole:
            return
        if key is None:
            self._note_whole(name)
            return
        keys = self._keys[name]
        before = len(keys)
        keys.add(key)
        if len(keys) > before:
            self._count += 1
            self._shed(name)

    def rows(self, table: Table, keys: Collection[tuple[object, ...]]) -> None:
        """Remember many rows by their keys."""
        name = (table.schema, table.name)
        if name not in self._whole:
            known = self._keys[name]
            before = len(known)
            known.update(keys)
            self._count += len(known) - before
            self._shed(name)

    def whole(self, table: Table) -> None:
        """Remember that anything in the table may have changed."""
        self._note_whole((table.schema, table.name))

    def is_whole(self, table: Table) -> bool:
        """Whether anything in the table may have changed."""
        return (table.schema, table.name) in self._whole

    def keys(self, table: Table) -> set[Key] | None:
        """The changed rows' keys; None when the whole table must be compared."""
        name = (table.schema, table.name)
        if name in self._whole:
            return None
        # A part that is neither was TOASTed and did not change: that row is noted with the key it had before, too.
        known = (key for key in self._keys.get(name, ()) if all(isinstance(part, str | bytes) for part in key))
        return {_as_text(key) for key in known}

    @property
    def count(self) -> int:
        """How many keys are remembered, in all tables that do not count as a whole."""
        return self._count

    def take(self) -> "Touched":
        """Everything remembered so far; starts anew here."""
        taken = Touched()
        taken._keys, taken._whole, taken._count = self._keys, self._whole, self._count
        self._keys, self._whole, self._count = defaultdict(set), set(), 0
        return taken

    def add(self, other: "Touched") -> None:
        """Put back what was taken, when its comparison could not be finished."""
        for name in other._whole:
            self._note_whole(name)
        for name, keys in other._keys.items():
            if name not in self._whole:
                self._count += len(keys - self._keys[name])
                self._keys[name] |= keys
                self._shed(name)

    def _shed(self, name: tuple[str, str]) -> None:
        if len(self._keys[name]) > _KEYS_PER_TABLE:
            self._note_whole(name)
        elif self._count > _KEYS:
            self._note_whole(max(self._keys, key=lambda each: len(self._keys[each])))

    def _note_whole(self, name: tuple[str, str]) -> None:
        self._whole.add(name)
        self._count -= len(self._keys.pop(name, ()))


def _as_text(key: tuple[object, ...]) -> Key:
    return tuple(value.decode() if isinstance(value, bytes) else str(value) for value in key)
