"""A rehearsal of just this schema has kept every promise."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok, warning
from cyphr.migrate.preflight.fingerprint import fingerprint, read_objects
from cyphr.migrate.preflight.records import REHEARSALS, read_rehearsals


async def _look(context: Context) -> Finding:
    folder = context.settings.records_folder
    wanted = fingerprint(await read_objects(context.at(Side.SUPABASE)))
    records = read_rehearsals(folder)
    for record in reversed(records):
        if record.fingerprint == wanted:
            return ok(f"rehearsed at {record.at} with {record.command}")
    if records:
        return warning(f"{len(records)} rehearsals in {folder / REHEARSALS}, none of this schema ({wanted})")
    return warning(f"there is no rehearsal on record in {folder / REHEARSALS}")


CHECK = Check(
    name="rehearsed",
    worst=Level.WARNING,
    why="What was never tried is tried on production: the first attempt went down without staging and without a way "
    "back.",
    mend="cyphr migrate rehearse moves this source's schema there and back on this machine and puts that on record.",
    look=_look,
)
