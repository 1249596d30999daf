"""How much room the copy takes; SQL cannot tell how much there is."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok


async def _look(context: Context) -> Finding:
    size = await context.value(Side.SUPABASE, queries.database_bytes)
    return ok(
        f"the source has {size / 1_000_000:,.0f} MB; see that the target has twice that free while indexes are built"
    )


CHECK = Check(
    name="disk",
    worst=Level.OK,
    why="A target whose disk fills up stops in the middle; how much is free there cannot be asked by SQL.",
    mend="Give the target storage of at least twice the source's size, with autoscaling.",
    look=_look,
)
