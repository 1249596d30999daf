"""The HTTP API behind API Gateway: the very application that the process serves."""

from functools import cache
from typing import Any

from mangum import Mangum

from cyphr.messenger.http import build_app
from cyphr.messenger.lambdas.container import Answer, Event, settings
from cyphr.messenger.lambdas.graph import messenger


@cache
def _application() -> Mangum:
    # Opened once by ``messenger``, not for each request as the lifespan protocol would here.
    return Mangum(build_app(settings(), messenger()), lifespan="off")


def handler(event: Event, context: Any) -> Answer:
    """Answer one request."""
    answer: Answer = _application()(event, context)
    return answer
