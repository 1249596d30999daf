"""Both servers keep what logical replication needs, and have a slot and senders free."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok, warning

_SLOTS_NEEDED = 2  # the stream's, and one that is tried or lives as long as a comparison
_SENDERS_NEEDED = 3  # the stream, the copy's snapshot, and one to be made again


async def _look(context: Context) -> Finding:
    problems: list[str] = []
    for side in Side:
        problems += [f"{side}: {each}" for each in await _missing(context, side)]
    if problems:
        return failure("; ".join(problems))
    size = await context.value(Side.SUPABASE, queries.database_bytes)
    keep = await context.value(Side.SUPABASE, queries.slot_keep_bytes)
    if keep is not None and keep < size:
        return warning(
            f"max_slot_wal_keep_size is {_mb(keep)}, the database {_mb(size)}: a slot that lags by more is dropped",
            "Raise max_slot_wal_keep_size on the source for as long as the migration takes, or accept that a copy "
            "which writes outrun must begin anew.",
        )
    return ok("wal_level is logical, slots and senders are free on both sides")


async def _missing(context: Context, side: Side) -> list[str]:
    problems: list[str] = []
    level = await context.value(side, queries.server_setting, name="wal_level")
    if level != "logical":
        problems.append(f"wal_level is {level}")
    slots = int(await context.value(side, queries.server_setting, name="max_replication_slots"))
    used = await context.value(side, queries.slots_used)
    if slots - used < _SLOTS_NEEDED:
        problems.append(f"{slots - used} of {slots} replication slots are free, {_SLOTS_NEEDED} are needed")
    senders = int(await context.value(side, queries.server_setting, name="max_wal_senders"))
    busy = await context.value(side, queries.senders_used)
    if senders - busy < _SENDERS_NEEDED:
        problems.append(f"{senders - busy} of {senders} WAL senders are free, {_SENDERS_NEEDED} are needed")
    return problems


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


CHECK = Check(
    name="wal",
    worst=Level.FAILURE,
    why="Following reads logical WAL through a replication slot; on both sides, since a handback goes the other way.",
    mend="Set wal_level = logical (on RDS: rds.logical_replication = 1 in the parameter group, then reboot), and raise "
    "max_replication_slots or max_wal_senders, or drop slots that nobody reads.",
    look=_look,
)
