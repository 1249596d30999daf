"""``$disconnect``: forgets a socket. Not certain to be called, so a record also ends by TTL, or when a post fails."""

import logging
from typing import Any

from cyphr.messenger.lambdas.container import OK, Answer, Event, run, shared

_logger = logging.getLogger(__name__)


def handler(event: Event, _: Any) -> Answer:
    """Forget it; nobody reads the answer."""
    try:
        run(shared().table.remove(event["requestContext"]["connectionId"]))
    except Exception:
        _logger.exception("a closed connection stays registered until it is found gone")
    return OK
