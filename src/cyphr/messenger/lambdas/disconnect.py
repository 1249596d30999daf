"""``$disconnect``: forgets a socket. Not certain to be called, so a record also ends by TTL, or when a post fails."""

import logging
from typing import Any

from cyphr.foundation.clock import now
from cyphr.messenger.lambdas.container import OK, Answer, Event, invocation, run, shared

_logger = logging.getLogger(__name__)


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Forget it; nobody reads the answer."""
    try:
        run(_forget(event["requestContext"]["connectionId"]))
    except Exception:
        _logger.exception("a closed connection stays registered until it is found gone")
    return OK


async def _forget(address: str) -> None:
    user_id = await shared().table.remove(address)
    if user_id is not None:
        await shared().ask_about(user_id, now())
