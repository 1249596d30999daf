"""Posts an event to a hundred connections at a time; called by the fan-out queue."""

from typing import Any

from cyphr.foundation.errors import Unavailable
from cyphr.messenger.lambdas.batch import each
from cyphr.messenger.lambdas.container import Answer, Event, invocation, run, shared
from cyphr.messenger.realtime.delivery import Round


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Which rounds have to be gone again. A client that hears an event twice knows it by its number."""
    return run(each(event, _go))


async def _go(body: str) -> None:
    this = Round.model_validate_json(body)
    left = await shared().delivery().post(this.event, this.places)
    if left:
        raise Unavailable(f"{len(left)} of {len(this.places)} connections could not be reached now")
