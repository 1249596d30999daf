"""What earlier rehearsals and checks found, kept in files beside ``migration.toml``."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.preflight.fingerprint import Objects, fingerprint

REHEARSALS = "rehearsals.json"
_CHECKS = "checks.json"


@dataclass(frozen=True)
class RehearsalRecord:
    """A rehearsal that kept every promise: of which schema, when, and how it was called."""

    fingerprint: str
    at: str
    command: str


def read_rehearsals(folder: Path) -> list[RehearsalRecord]:
    """Every rehearsal on record. Raises InvalidInput when the file is damaged."""
    return [RehearsalRecord(**record) for record in _read(folder / REHEARSALS, [])]


def add_rehearsal(file: Path, objects: Objects, command: str) -> RehearsalRecord:
    """Put a rehearsal on record in ``file``. Raises InvalidInput when the file is damaged or cannot be written."""
    record = RehearsalRecord(fingerprint(objects), now().isoformat(timespec="seconds"), command)
    _write(file, [*_read(file, []), asdict(record)])
    return record


def read_checked_schema(folder: Path) -> dict[str, str] | None:
    """The schema as the last ``check`` saw it."""
    objects: dict[str, str] | None = _read(folder / _CHECKS, {}).get("objects")
    return objects


def note_checked_schema(folder: Path, objects: Objects) -> None:
    """Remember the schema for the next ``check``."""
    _write(folder / _CHECKS, {"at": now().isoformat(timespec="seconds"), "objects": dict(objects)})


def _read(file: Path, nothing: Any) -> Any:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return nothing
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot read {file}: {error}; delete it, it is made anew") from error
    if not isinstance(found, type(nothing)):
        raise InvalidInput(f"{file} is not what Cyphr writes; delete it, it is made anew")
    return found


def _write(file: Path, content: Any) -> None:
    draft = file.with_name(f"{file.name}.new")
    try:
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise InvalidInput(f"cannot write {file}: {error.strerror}") from error
