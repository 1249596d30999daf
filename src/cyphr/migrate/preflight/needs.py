"""Everything that is moved finds on the target what it needs of what is not moved."""

from cyphr.foundation.errors import PreflightFailed
from cyphr.foundation.postgres import Side
from cyphr.migrate.database import schema
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok


async def _look(context: Context) -> Finding:
    source = context.at(Side.SUPABASE)
    async with context.trying(Side.AWS) as target:
        await schema.ensure_extensions(source, target)
        try:
            await schema.demand_needs(source, target)
        except PreflightFailed as error:
            return failure(error.message)
    return ok("types, functions and tables that are referred to are on the target, or come along")


CHECK = Check(
    name="needs",
    worst=Level.FAILURE,
    why="A view of a table of Supabase's, or a column of a type that only its extensions have, cannot be created on "
    "the target, and stops the copy before its first row.",
    mend="Drop or rewrite what refers to it, or create on the target what it refers to.",
    look=_look,
)
