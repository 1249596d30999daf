"""What kinds of tables there are, for whoever wants to know what is moved."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok


async def _look(context: Context) -> Finding:
    tables, generated, identity, partitioned, inheriting = (await context.fetch(Side.SUPABASE, queries.table_kinds))[0]
    return ok(
        f"{tables} tables; with generated columns {generated}, with identity columns {identity}, "
        f"partitioned {partitioned}, inheriting {inheriting}"
    )


CHECK = Check(
    name="table-kinds",
    worst=Level.OK,
    why="Generated columns are computed anew on each side, identity columns and partitions arrive as they are.",
    mend="Nothing.",
    look=_look,
)
