"""What a function's container keeps between invocations: settings, an event loop, and what was built once.

Nothing happens when a handler's module is imported; its first invocation builds what it needs.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from functools import cache, wraps
from typing import Any, TypeVar

from cyphr.foundation.metrics import Metrics
from cyphr.foundation.secrets import with_secrets
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.telemetry import configure_logging, request_id
from cyphr.messenger.lambdas import IN_A_FUNCTION
from cyphr.messenger.shared import Shared, build_shared, root_key

T = TypeVar("T")

Event = dict[str, Any]
Answer = dict[str, Any]

OK: Answer = {"statusCode": 200}


@cache
def settings() -> MessengerSettings:
    """From the function's environment, with its secrets, read once. Raises what names everything that is missing."""
    configure_logging()
    logging.getLogger("botocore").setLevel(logging.WARNING)
    return with_secrets(MessengerSettings())


@cache
def shared() -> Shared:
    """The table of connections and the ways to them."""
    return build_shared(settings(), root_key(settings()))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # where Mangum looks for it
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on the container's loop. What it leaves open (pools, their tasks) is there the next time."""
    return _loop().run_until_complete(work)


@cache
def metrics() -> Metrics:
    """What this container counts, logged at the end of each invocation: after it the container may be frozen."""
    return Metrics()


def invocation(handler: Callable[[Event, Any], T]) -> Callable[[Event, Any], T]:
    """Each log line of an invocation has the id that API Gateway gave the request, or Lambda the call."""
    if IN_A_FUNCTION:
        # Everything is imported now, and stays: nobody needs to look through it again.
        gc.freeze()
        gc.enable()

    @wraps(handler)
    def invoked(event: Event, context: Any) -> T:
        given = event.get("requestContext", {}).get("requestId") or getattr(context, "aws_request_id", None)
        token = request_id.set(given)
        try:
            return handler(event, context)
        finally:
            metrics().flush()
            request_id.reset(token)

    return invoked


def endpoint(context: Event) -> str:
    """Where the stage that called this function can be posted to."""
    return settings().realtime.endpoint or f"https://{context['domainName']}/{context['stage']}"
