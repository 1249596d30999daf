"""Both WebSocket endpoints accept connections, and the messenger's API answers."""

import asyncio

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, ok

_PATIENCE_SECONDS = 10.0


async def _look(context: Context) -> Finding:
    settings = context.settings.realtime
    if settings is None:
        return ok("[realtime] is left out: clients stay connected where they are")
    found = await asyncio.gather(
        _shake_hands(settings.supabase_url), _shake_hands(settings.aws_url), _ask(settings.api_url)
    )
    problems = [problem for problem in found if problem is not None]
    try:
        settings.read_pin()
    except InvalidInput as error:
        problems.append(error.message)
    return failure("; ".join(problems)) if problems else ok("both endpoints accept connections")


async def _shake_hands(url: str) -> str | None:
    """What went wrong. Nothing is said to it: that would be signing in."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), connect(url):
            return None
    except (TimeoutError, OSError, WebSocketException, ValueError) as error:
        return f"{url}: {str(error) or 'no answer'}"


async def _ask(api_url: str) -> str | None:
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS) as http:
            answer = await http.get(api_url.rstrip("/") + "/healthz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{api_url}: {str(error) or 'no answer'}"
    return None if answer.is_success else f"{api_url}/healthz answers {answer.status_code}"


CHECK = Check(
    name="realtime",
    worst=Level.FAILURE,
    why="Clients are sent to the other endpoint at the handover, and the canaries talk on both from the start.",
    mend="Look at realtime.supabase_url, aws_url (wss://…) and api_url; register both canaries, and put their PIN into "
    "canary_pin_file.",
    look=_look,
)
