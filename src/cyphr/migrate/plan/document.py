"""A plan, whole, and how it reads: as Markdown for people, as JSON for machines."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from cyphr.foundation.errors import NotAllowed
from cyphr.foundation.postgres import Side
from cyphr.migrate.database.streams import PUBLICATION, Stream
from cyphr.migrate.plan.estimate import Costs, Estimate, estimate, read_costs
from cyphr.migrate.plan.inventory import Inventory, Note, take_inventory
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.settings import MigrationSettings


@dataclass(frozen=True)
class Plan:
    """What will happen, to which objects, for how long and for how much."""

    inventory: Inventory
    estimate: Estimate
    costs: Costs
    creations: list[str]

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rows": self.inventory.rows, "bytes": self.inventory.bytes}


async def make_plan(settings: MigrationSettings, environment: Mapping[str, str]) -> Plan:
    """Read both catalogues; changes nothing.

    Raises Unavailable when the source cannot be reached, NotAllowed when the role may not read its catalogue.
    """
    async with Context.open(settings, environment) as context:
        try:
            inventory = await take_inventory(context)
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotAllowed(f"the plan cannot be made: {error}; use the role that owns the tables") from error
    return Plan(
        inventory,
        estimate(inventory, min(settings.expected_megabytes_per_second, settings.megabytes_per_second or math.inf)),
        read_costs(),
        creations(inventory, settings),
    )


def creations(inventory: Inventory, settings: MigrationSettings) -> list[str]:
    """What ``start`` creates, a line for each."""
    count = len(inventory.tables)
    slot = Stream(Side.AWS, 1).name
    lines = [
        (
            f"on Supabase: schema cyphr (switchboard, fence, streams), publication {PUBLICATION} of {count} tables, "
            f"replication slot {slot}, trigger cyphr_fence (disabled) on {count} tables"
        ),
        (
            f"on AWS: schema cyphr (journal, switchboard, fence, streams), roles without login that grants and "
            f"policies name, {count} tables with their rows and everything that belongs to them, publication "
            f"{PUBLICATION}, trigger cyphr_fence on {count} tables"
        ),
    ]
    if inventory.with_users:
        lines += [
            "on Supabase: triggers cyphr_rows and cyphr_truncate on auth.users and auth.identities, to note changes",
            "on AWS: the rows of auth.users and auth.identities, since something that is moved refers to them",
        ]
    if settings.files is not None:
        lines.append(f"in the bucket {settings.files.aws_bucket}: {inventory.files:,} objects")
    if settings.auth is not None:
        lines.append(f"in the user pool {settings.auth.user_pool_id}: a user for every person")
    return lines


def as_markdown(plan: Plan) -> str:
    """The whole plan as a document."""
    inventory, expected = plan.inventory, plan.estimate
    return "\n\n".join(
        [
            "# The migration's plan",
            (f"{len(inventory.tables)} tables, about {inventory.rows:,} rows, {size(inventory.bytes)} and "
            f"{size(inventory.index_bytes)} of indexes; {inventory.files:,} files, {size(inventory.file_bytes)}."),
            "## What `start` creates",
            "\n".join(f"- {line}" for line in plan.creations),
            "## How long, and how much room",
            "\n".join(f"- {line}" for line in expectations(expected)),
            "## Tables",
            _table(
                ("table", "rows, about", "bytes", "bytes of indexes"),
                ((one.name, f"{one.rows:,}", size(one.bytes), size(one.index_bytes)) for one in inventory.tables),
            ),
            "## What else moves",
            _table(
                ("kind", "how many", "names"),
                ((kind, str(len(names)), ", ".join(names)) for kind, names in inventory.objects.items()),
            ),
            "## What changes",
            _table(("what", "why"), _pairs(inventory.changed)),
            "## What stays behind",
            _table(("what", "why"), _pairs(inventory.left_behind)),
            "## What it costs a month",
            _table(("where", "what", "US dollars"), cost_rows(plan.costs)),
            f"Source of the figures: {plan.costs.source}. They are no quotation.",
        ]
    ) + "\n"  # fmt: skip


def expectations(expected: Estimate) -> list[str]:
    """The estimate in sentences, with what it rests on."""
    return [
        (
            f"copying: {duration(expected.copy_seconds)}, at {expected.mb_per_second:g} MB a second "
            "(expected_megabytes_per_second; 1.46 GB with indexes took 20 to 23 s on two cores of one machine)"
        ),
        f"comparing: {duration(expected.verify_seconds)} on one core (331,000 rows a second were measured)",
        f"the target needs {size(expected.target_bytes)} free",
        f"the source keeps what is written while the copy lasts; have {size(expected.source_bytes)} free, or watch it",
    ]


def cost_rows(costs: Costs) -> list[tuple[str, str, str]]:
    """Every item, and both sums."""
    rows: list[tuple[str, str, str]] = []
    for side, items in (("Supabase", costs.supabase), ("AWS", costs.aws)):
        rows += [(side, what, str(price)) for what, price in items.items()]
        rows.append((side, "together", str(sum(items.values()))))
    return rows


def size(count: int) -> str:
    """Bytes for people."""
    amount, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _pairs(notes: list[Note]) -> Iterable[Sequence[str]]:
    return ((note.what, note.why) for note in notes)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
