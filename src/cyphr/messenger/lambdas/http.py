"""The HTTP API behind API Gateway: the very application that the process serves."""

from functools import cache
from typing import Any

from mangum import Mangum

from cyphr.messenger.http import build_app
from cyphr.messenger.lambdas.container import Answer, Event, invocation, settings
from cyphr.messenger.lambdas.graph import messenger


@cache
def _application() -> Mangum:
    # Opened once by ``messenger``, not for each request as the lifespan protocol would here.
    return Mangum(build_app(settings(), messenger()), lifespan="off")


@invocation
def handler(event: Event, context: Any) -> Answer:
    """Answer one request. In its log lines, and in the answer, it has the id that API Gateway gave it."""
    event["headers"] = {"x-request-id": event["requestContext"]["requestId"], **event.get("headers", {})}
    answer: Answer = _application()(event, context)
    return answer
