"""Both servers have room for a lock on every object that is restored, and on every table that is fenced, at once."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok


async def _look(context: Context) -> Finding:
    [(tables, objects)] = await context.fetch(Side.SUPABASE, queries.locks_needed)
    # The source keeps its tables as they are, once while they are dumped and once while writers are fenced off; the
    # target locks everything that it creates.
    needed = {Side.SUPABASE: tables, Side.AWS: objects}
    problems: list[str] = []
    mends: list[str] = []
    for side in Side:
        each, transactions = (await context.fetch(side, queries.lock_room))[0]
        if needed[side] > each * transactions:
            problems.append(f"{side}: {needed[side]} locks are needed at once, the server has {each * transactions}")
            mends.append(f"max_locks_per_transaction = {_enough(needed[side], transactions)} on {side}")
    if problems:
        return failure("; ".join(problems), f"Set {' and '.join(mends)}, and restart the server; then start again.")
    return ok(f"{tables} tables can be locked at once, and {objects} objects be created at once")


def _enough(needed: int, transactions: int) -> int:
    """A setting that leaves half of the locks to everybody else."""
    setting = 64
    while setting * transactions < 2 * needed:
        setting *= 2
    return setting


CHECK = Check(
    name="locks",
    worst=Level.FAILURE,
    why="A schema is restored, and all its tables are kept as they are while writers are fenced off, in one "
    "transaction each. A server with fewer locks "
    "than that takes fails it with 'out of shared memory', and so would whatever else needs a lock then.",
    mend="Raise max_locks_per_transaction and restart the server.",
    look=_look,
)
