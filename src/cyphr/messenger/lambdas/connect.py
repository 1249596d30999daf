"""``$connect``: admits a socket. Whose it is it says in its first frame; if it does not, it is soon closed."""

import asyncio
import json
import logging
from functools import partial
from typing import Any

from cyphr.foundation.aws import queue_client
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.ids import uuid7
from cyphr.messenger.lambdas.container import OK, Answer, Event, endpoint, invocation, run, settings, shared
from cyphr.messenger.limits import is_welcome

_logger = logging.getLogger(__name__)


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Answers 200, or 403 and 429 and 503, with which API Gateway refuses the socket."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if not is_welcome(headers.get("origin"), headers.get("host"), settings().realtime.origins):
        return {"statusCode": 403}
    try:
        return run(_admit(event["requestContext"]))
    except Exception:
        _logger.exception("a socket could not be admitted")
        return {"statusCode": 503}


async def _admit(context: Event) -> Answer:
    table = shared().table
    limits = settings()
    wait = await table.take(
        f"ip#{context['identity']['sourceIp']}",
        per_minute=limits.public_requests_per_minute,
        burst=limits.public_requests_burst,
    )
    if wait:
        return {"statusCode": 429}
    address = context["connectionId"]
    await asyncio.gather(table.admit(address, uuid7()), _ask_later(address, endpoint(context)))
    return OK


async def _ask_later(address: str, at: str) -> None:
    url = settings().realtime.greeting_queue
    if url is None:
        raise Unavailable("CYPHR_REALTIME__GREETING_QUEUE is not set: sockets that say no hello would stay open")
    call = partial(
        queue_client(settings().aws).send_message,
        QueueUrl=url,
        DelaySeconds=settings().realtime.greeting_seconds,
        MessageBody=json.dumps({"address": address, "endpoint": at}),
    )
    await asyncio.get_running_loop().run_in_executor(shared().threads, call)
