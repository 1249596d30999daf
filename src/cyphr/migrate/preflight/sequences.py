"""No sequence is about to run out; a handover adds a margin to each."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, listed, ok, warning

_SHARE = 0.8


async def _look(context: Context) -> Finding:
    found = await context.fetch(Side.SUPABASE, queries.nearly_used_up, share=_SHARE)
    if found:
        return warning(listed([f"{name} is at {last:,} of {most:,}" for name, last, most in found]))
    return ok(f"none has given out {_SHARE:.0%} of its values")


CHECK = Check(
    name="sequences",
    worst=Level.WARNING,
    why="A sequence that runs out makes every insert fail, and a handover moves each on by a margin.",
    mend="Widen the column and its sequence to bigint first.",
    look=_look,
)
