"""How long it should take, how much room it needs, what it costs a month. Every figure says what it rests on."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from cyphr.migrate.plan.inventory import Inventory

_COMPARED_PER_SECOND = 331_000  # rows, one core: docs/benchmarks, a bare scan with hash_record_extended
_ROOM = 2.0  # rows and indexes once, and as much again for sorting, WAL and what is written meanwhile


@dataclass(frozen=True)
class Estimate:
    """Seconds, bytes and dollars a month."""

    copy_seconds: float
    verify_seconds: float
    mb_per_second: float
    target_bytes: int
    source_bytes: int
    """What the source may have to keep for the slot: as much as is written while the copy lasts; at most this."""


@dataclass(frozen=True)
class Costs:
    """Dollars a month on either side, and where the figures come from."""

    source: str
    supabase: dict[str, int]
    aws: dict[str, int]


def estimate(inventory: Inventory, mb_per_second: float) -> Estimate:
    """Reckon with ``mb_per_second`` for rows and indexes together, and for files."""
    moved = inventory.bytes + inventory.index_bytes
    return Estimate(
        copy_seconds=(moved + inventory.file_bytes) / 1_000_000 / mb_per_second,
        verify_seconds=inventory.rows / _COMPARED_PER_SECOND,
        mb_per_second=mb_per_second,
        target_bytes=int(moved * _ROOM),
        source_bytes=moved,
    )


def read_costs() -> Costs:
    """The figures of ``prices.toml``."""
    found = tomllib.loads(files(__package__).joinpath("prices.toml").read_text(encoding="utf-8"))
    return Costs(found["source"], found["supabase"], found["aws"])
