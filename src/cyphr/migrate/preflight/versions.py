"""The servers' versions, and pg_dump's, fit each other."""

import asyncio
import re
from pathlib import Path

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok, warning

_OLDEST = 14  # the first whose pgoutput sends messages, in which a handover's mark travels


async def _look(context: Context) -> Finding:
    source, target = [await _major(context, side) for side in Side]
    saw = f"PostgreSQL {source} to {target}"
    if min(source, target) < _OLDEST:
        return failure(f"{saw}; nothing older than {_OLDEST} can be followed", f"Upgrade to {_OLDEST} or later first.")
    try:
        folder = context.settings.programs_folder()
        dump = min([await _version_of(folder / name) for name in ("pg_dump", "pg_restore")])
    except InvalidInput as error:
        return failure(error.message)
    saw += f", pg_dump {dump}"
    if dump < source:
        return failure(f"{saw}: pg_dump cannot read a server newer than itself")
    if target < source:
        return warning(
            f"{saw}: the target is older than the source",
            f"Make the target PostgreSQL {source} or later: what the older one does not know cannot be restored there.",
        )
    return ok(saw)


async def _major(context: Context, side: Side) -> int:
    return int(await context.value(side, queries.server_version)) // 10000


async def _version_of(program: Path) -> int:
    try:
        process = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE)
    except OSError as error:
        raise InvalidInput(f"cannot run {program}: {error.strerror}") from error
    output, _ = await process.communicate()
    found = re.search(rb"\(PostgreSQL\) (\d+)", output)
    if found is None:
        raise InvalidInput(f"{program} does not say which version it is")
    return int(found[1])


CHECK = Check(
    name="versions",
    worst=Level.FAILURE,
    why="pg_dump reads no server newer than itself, and a server knows no syntax newer than itself.",
    mend="Install PostgreSQL's client programs of the source's version or later, and set postgres_programs.",
    look=_look,
)
