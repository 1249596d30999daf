"""Both servers answer."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, Refusal, refusal
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok


async def _look(context: Context) -> Finding:
    silent = [words for words in context.refusals.values() if refusal(words) in (Refusal.UNREACHABLE, Refusal.OTHER)]
    if silent:
        return failure("; ".join(" ".join(words.split()) for words in silent))
    return ok(", ".join(f"{context.database(side).host}:{context.database(side).port} answers" for side in Side))


CHECK = Check(
    name="reachable",
    worst=Level.FAILURE,
    why="Everything is read from one server and written to the other; both must be reached for days.",
    mend="Look at host, port and dbname; let this machine through the firewall or security group. "
    "Supabase's direct address speaks IPv6 only, unless the project has the IPv4 add-on.",
    look=_look,
)
