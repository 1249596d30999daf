"""The application starts: every module that it imports is installed, every setting is there."""

from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok


async def _look(context: Context) -> Finding:
    application = context.settings.application
    if application.dry_run is None:
        return ok("no application.dry_run is set: whether the application starts was not tried")
    ran = await context.dry_run()
    if ran.code is None:
        return failure(
            f"{application.dry_run!r} was still running after {application.dry_run_seconds:g} s",
            "Give a command that starts the application and ends, or more application.dry_run_seconds.",
        )
    if ran.code != 0:
        return failure(f"{application.dry_run!r} ended with {ran.code}: {ran.last_lines or 'it said nothing'}")
    return ok(f"{application.dry_run!r} ended with 0")


CHECK = Check(
    name="dependencies",
    worst=Level.FAILURE,
    why="A module that is not installed where the application runs kills it at import, when the handover has begun.",
    mend="Install what is missing, where the application runs, and run check there.",
    look=_look,
)
