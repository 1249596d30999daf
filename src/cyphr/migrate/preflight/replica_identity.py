"""Publishing the tables will break no UPDATE or DELETE of the project's."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok


async def _look(context: Context) -> Finding:
    tables = await context.names(Side.SUPABASE, queries.without_identity)
    if tables:
        return failure(f"no replica identity: {listed(tables)}")
    return ok("every table has one")


CHECK = Check(
    name="replica-identity",
    worst=Level.FAILURE,
    why="From the moment a table without replica identity is published, its UPDATEs and DELETEs fail, in production.",
    mend="Give each a primary key, or: alter table … replica identity full.",
    look=_look,
)
