"""What a process does beside requests, once for every call; called by a schedule each minute."""

import asyncio
import logging
from typing import Any

from cyphr.messenger.core import Core
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.graph import core

_logger = logging.getLogger(__name__)


@invocation
def handler(_: Event, __: Any) -> None:
    """Send pushes that were put off, empty what has expired, tell Cognito what is due, and close WebSockets of sessions
    that have ended. Raises what went wrong, when all was tried.
    """
    run(_go_round(core()))


async def _go_round(built: Core) -> None:
    work = (built.push.check_due(), built.expiry.sweep(), built.duties.sweep(), built.departures.sweep())
    failures = [one for one in await asyncio.gather(*work, return_exceptions=True) if isinstance(one, BaseException)]
    for failure in failures:
        _logger.error("the clock could not do its work; it comes again", exc_info=failure)
    if failures:
        raise failures[0]
