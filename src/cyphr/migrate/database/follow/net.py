"""What a run of changes comes to: at most one change per row, so that one statement can change many rows.

Only the outcome counts inside one transaction of the receiving side, where neither foreign keys nor triggers are
checked; so it does not count either in which order tables come. What cannot be folded (a truncate, rows without a key,
a key that changes while a value was not sent) is a step of its own, between what came before it and what comes after.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from cyphr.migrate.database.follow.pgoutput import UNCHANGED, Delete, Insert, Row, Truncate, Update
from cyphr.migrate.database.follow.statements import Key, Statements


@dataclass(slots=True)
class Replay:
    """A change that the copy of its table may show already, wholly, partly or not at all."""

    change: Insert | Update | Delete


Change = Insert | Update | Delete | Truncate | Replay


class _Verb(Enum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    NOTHING = "nothing"


class Net:
    """What the changes of one relation come to so far."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self._rows: dict[Key, tuple[_Verb, Row]] = {}
        self._appended: list[Row] = []

    def keys(self) -> Collection[Key]:
        """The rows that the changes touched, also those that came and went."""
        return self._rows.keys()

    def take(self, change: Change) -> bool:
        """Fold one change in; False, with nothing changed, when it must be made on its own."""
        match change:
            case Insert(_, new):
                return self._insert(new)
            case Update(_, old, new):
                return self._update(old, new)
            case Delete(_, old):
                return self._delete(old)
            case _:
                return False

    def inserts(self) -> list[Row]:
        """Rows to insert."""
        return self._appended + [row for verb, row in self._rows.values() if verb is _Verb.INSERT]

    def updates(self) -> dict[tuple[int, ...], list[tuple[Key, Row]]]:
        """Rows to update with their keys, by the positions of the columns to set."""
        found: defaultdict[tuple[int, ...], list[tuple[Key, Row]]] = defaultdict(list)
        for key, (verb, row) in self._rows.items():
            if verb is _Verb.UPDATE:
                found[self.statements.settable(row)].append((key, row))
        return found

    def deletes(self) -> list[Key]:
        """Keys of the rows to delete."""
        return [key for key, (verb, _) in self._rows.items() if verb is _Verb.DELETE]

    def _insert(self, new: Row) -> bool:
        key = self.statements.key_of(new)
        if key is None:
            self._appended.append(new)
            return True
        before = self._rows.get(key)
        if before is None or before[0] is _Verb.NOTHING:
            self._rows[key] = (_Verb.INSERT, new)
        elif before[0] is _Verb.DELETE and self.statements.can_replace:
            self._rows[key] = (_Verb.UPDATE, new)
        else:
            return False
        return True

    def _update(self, old: Row | None, new: Row) -> bool:
        key = self.statements.key_of(new)
        if key is None:
            return False
        if old is not None and (old_key := self.statements.key_of(old)) != key:
            # Both halves must fold, or neither may: look before the first.
            if UNCHANGED in new or old_key is None or not self._is_there(old_key) or key in self._rows:
                return False
            return self._delete(old) and self._insert(new)
        before = self._rows.get(key)
        if before is None:
            self._rows[key] = (_Verb.UPDATE, new)
        elif before[0] is _Verb.INSERT or before[0] is _Verb.UPDATE:
            self._rows[key] = (before[0], overlay(before[1], new))
        else:
            return False
        return True

    def _is_there(self, key: Key) -> bool:
        before = self._rows.get(key)
        return before is None or before[0] is _Verb.INSERT or before[0] is _Verb.UPDATE

    def _delete(self, old: Row) -> bool:
        key = self.statements.key_of(old)
        if key is None or not self._is_there(key):
            return False
        before = self._rows.get(key)
        verb = _Verb.NOTHING if before is not None and before[0] is _Verb.INSERT else _Verb.DELETE
        self._rows[key] = (verb, old)
        return True


Step = Net | Change


def fold(changes: Sequence[Change], relations: Mapping[int, Statements]) -> Iterator[Step]:
    """The steps that ``changes`` come to: nets, and changes that stand alone.

    They are in order for each table, but one table after the other: only a truncate, which may be of several, needs
    everything before it to be made, and nothing after it.
    """
    steps: defaultdict[int, list[Step]] = defaultdict(list)
    nets: dict[int, Net] = {}
    for change in changes:
        if isinstance(change, Truncate):
            yield from chain.from_iterable(steps.values())
            steps.clear()
            nets.clear()
            yield change
            continue
        relation = relation_of(change)
        net = nets.get(relation)
        if net is not None and net.take(change):
            continue
        net = Net(relations[relation])
        if net.take(change):
            nets[relation] = net
            steps[relation].append(net)
        else:
            nets.pop(relation, None)
            steps[relation].append(change)
    yield from chain.from_iterable(steps.values())


def split(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """Fewer changes at a time that come to the same: what is around a truncate, or each table's, or two halves."""
    for number, change in enumerate(changes):
        if isinstance(change, Truncate) and len(changes) > 1:
            parts = [changes[:number], [change], changes[number + 1 :]]
            return [part for part in parts if part]
    of_tables: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        if not isinstance(change, Truncate):
            of_tables[relation_of(change)].append(change)
    if len(of_tables) > 1:
        return list(of_tables.values())
    half = len(changes) // 2
    return [changes[:half], changes[half:]]


def relation_of(change: Insert | Update | Delete | Replay) -> int:
    """OID of the table, on the sending side."""
    return change.change.relation if isinstance(change, Replay) else change.relation


def overlay(before: Row, after: Row) -> Row:
    """``after``, with what was not sent taken from ``before``."""
    if UNCHANGED not in after:
        return after
    return tuple([old if new is UNCHANGED else new for old, new in zip(before, after, strict=True)])
