"""The clocks of both servers and of this machine agree."""

from datetime import timedelta

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok, warning

_TOLERATED = timedelta(seconds=2)


async def _look(context: Context) -> Finding:
    wrong: list[str] = []
    for side in Side:
        before = context.clock()
        there = await context.value(side, queries.server_clock)
        after = context.clock()
        skew = max(before - there, there - after, timedelta())
        if skew > _TOLERATED:
            wrong.append(f"{side} by {skew.total_seconds():,.1f} s")
    if wrong:
        return warning(f"the clock here differs from the server's: {', '.join(wrong)}")
    return ok("both servers' clocks agree with this machine's")


CHECK = Check(
    name="clock-skew",
    worst=Level.WARNING,
    why="Lag in seconds and times in the report are differences of clocks; AWS refuses signatures that are minutes "
    "off, and rows stamped by the new side would sort before older ones.",
    mend="Let this machine take its time from NTP; tell the provider when it is a server's that is off.",
    look=_look,
)
