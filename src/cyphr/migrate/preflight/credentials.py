"""The very secret of the settings logs in, on both sides; a password that was mangled on its way is recognised."""

import string
from urllib.parse import unquote

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import APPLICATION_NAME, Context, Refusal, refusal
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok
from cyphr.migrate.settings import DatabaseSettings

_PLAIN = set(string.ascii_letters + string.digits + "-_.~")


async def _look(context: Context) -> Finding:
    refused = [side for side, words in context.refusals.items() if refusal(words) is Refusal.PASSWORD]
    if refused:
        return failure("; ".join([await _explain(context.database(side), side) for side in refused]))
    roles = [f"{context.database(side).user} on {side}" for side in Side if side in context.connections]
    if not roles:
        return Finding(Level.UNKNOWN, "no server answered")
    return ok(f"logged in as {' and '.join(roles)}")


async def _explain(database: DatabaseSettings, side: Side) -> str:
    password = str(database.connection_arguments()["password"])
    said = (
        f"28P01: {side} refuses the password of {database.user!r} at {database.host}:{database.port}, "
        f"as {database.password_origin} has it"
    )
    for how, variant in _variants(password):
        if await _logs_in(database, variant):
            return f"{said}; {how}, and without that it would log in"
    strange = sorted({character for character in password if character not in _PLAIN})
    if not password:
        return f"{said}; it is empty"
    if strange:
        kinds = " ".join("space" if character.isspace() else character for character in strange)
        return f"{said}; it holds characters that a shell or a URL changes: {kinds}"
    return f"{said}; if the real one has characters like $ @ % #, a shell or a URL may have cut it there"


def _variants(password: str) -> list[tuple[str, str]]:
    """What was probably meant, and how it got mangled."""
    candidates = [
        ("it is percent-encoded, as in a URL", unquote(password)),
        ("it has white space around it", password.strip()),
        ("it has quotation marks around it", password.strip("'\"")),
        ("it has backslashes before its special characters", _without_backslashes(password)),
        ("it has doubled dollar signs or percent signs", password.replace("$$", "$").replace("%%", "%")),
    ]
    return [(how, variant) for how, variant in candidates if variant and variant != password]


def _without_backslashes(password: str) -> str:
    return "".join(
        character
        for position, character in enumerate(password)
        if not (character == "\\" and password[position + 1 : position + 2] not in ("", *_PLAIN))
    )


async def _logs_in(database: DatabaseSettings, password: str) -> bool:
    arguments = database.connection_arguments() | {"password": password, "application_name": APPLICATION_NAME}
    try:
        await (await AsyncConnection.connect(connect_timeout=10, **arguments)).close()
    except psycopg.OperationalError:
        return False
    return True


CHECK = Check(
    name="credentials",
    worst=Level.FAILURE,
    why="A password with shell or URL metacharacters is easily mangled on its way into a setting (28P01), "
    "and then fails at the worst moment.",
    mend="Write the exact password into a file with one line and name it as password_file, or name a secret as "
    "password_secret; never build a URL from it.",
    look=_look,
)
