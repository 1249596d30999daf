"""Nobody has held a transaction open for long: a new slot waits for it, and so does a handover."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning

_SECONDS = 60.0


async def _look(context: Context) -> Finding:
    found = await context.fetch(Side.SUPABASE, queries.long_transactions, seconds=_SECONDS)
    if found:
        return warning(f"open since more than {_SECONDS:g} s: {listed([row[0] for row in found])}")
    return ok(f"no writing transaction is older than {_SECONDS:g} s")


CHECK = Check(
    name="long-transactions",
    worst=Level.WARNING,
    why="The replication slot is not ready until every transaction that was writing has ended, and a handover would "
    "have to wait for it too.",
    mend="Let them end (pg_terminate_backend for one that is forgotten; commit or roll back what is prepared).",
    look=_look,
)
