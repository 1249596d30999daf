"""What a function's container keeps between invocations: settings, an event loop, and what was built once.

Nothing happens when a handler's module is imported; its first invocation builds what it needs.
"""

import asyncio
import logging
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.telemetry import configure_logging
from cyphr.messenger.sessions.keys import SigningKey
from cyphr.messenger.shared import Shared, build_shared

T = TypeVar("T")

Event = dict[str, Any]
Answer = dict[str, Any]

OK: Answer = {"statusCode": 200}


@cache
def settings() -> MessengerSettings:
    """From the function's environment, read once."""
    configure_logging()
    logging.getLogger("botocore").setLevel(logging.WARNING)
    return MessengerSettings()


@cache
def shared() -> Shared:
    """The table of connections and the ways to them."""
    return build_shared(settings(), SigningKey.read(settings().token_key_file))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # where Mangum looks for it
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on the container's loop. What it leaves open (pools, their tasks) is there the next time."""
    return _loop().run_until_complete(work)


def endpoint(context: Event) -> str:
    """Where the stage that called this function can be posted to."""
    return settings().realtime.endpoint or f"https://{context['domainName']}/{context['stage']}"
