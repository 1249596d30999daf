"""Every text of the source can be written on the target, and sorts the same there."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok, warning


async def _look(context: Context) -> Finding:
    source, target = [(await context.fetch(side, queries.encoding))[0] for side in Side]
    if source[0] != target[0] and (target[0] != "UTF8" or source[0] == "SQL_ASCII"):
        return failure(f"the source is {source[0]}, the target {target[0]}")
    if source[1:] != target[1:]:
        return warning(
            f"the source sorts as {source[1]}/{source[2]}, the target as {target[1]}/{target[2]}",
            "Create the target with the source's locale, or accept that texts sort and compare otherwise there.",
        )
    return ok(f"{source[0]} to {target[0]}, sorted as {target[1]}")


CHECK = Check(
    name="encoding",
    worst=Level.FAILURE,
    why="A character that the target's encoding lacks stops the copy half-way; bytes of SQL_ASCII have no encoding "
    "that they could be converted from.",
    mend="Create the target database with encoding UTF8 (template template0). A source in SQL_ASCII must be "
    "converted first.",
    look=_look,
)
