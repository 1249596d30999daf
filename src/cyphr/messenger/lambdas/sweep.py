"""Ends sockets that said no hello soon after being admitted; called by the greeting queue."""

import json
from typing import Any

from cyphr.messenger.lambdas.batch import each
from cyphr.messenger.lambdas.container import Answer, Event, invocation, run, shared
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Which of the asked-for sockets have to be asked for again."""
    return run(each(event, _end_unless_greeted))


async def _end_unless_greeted(body: str) -> None:
    asked = json.loads(body)
    table = shared().table
    if await table.admission(asked["address"]) is not None:
        await shared().gateway.end(asked["endpoint"], asked["address"], NOT_AUTHENTICATED)
        await table.remove(asked["address"])
