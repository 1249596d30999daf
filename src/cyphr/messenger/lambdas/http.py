"""The HTTP API behind API Gateway: the very application that the process serves, as much of it as is asked for."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from starlette.types import Receive, Scope, Send

from cyphr.messenger.http import BEGINNINGS, DESCRIPTION, beginning_of, build_app
from cyphr.messenger.lambdas.container import Answer, Event, invocation, settings
from cyphr.messenger.lambdas.whole import messenger


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """The application. A container is started for one request, and most of the routes would be made for none: those are
    made whose paths begin as this one's.
    """
    await _part(_wanted(scope["path"]))(scope, receive, send)


def _wanted(path: str) -> str | None:
    if path == DESCRIPTION:
        return None  # it names every route
    beginning = beginning_of(path)
    return beginning if beginning in BEGINNINGS else ""


@cache
def _part(beginning: str | None) -> FastAPI:
    return build_app(settings(), messenger(), beginning=beginning)


@cache
def _adapter() -> Mangum:
    # Opened once by ``messenger``, not for each request as the lifespan protocol would here.
    return Mangum(serve, lifespan="off")


@invocation
def handler(event: Event, context: Any) -> Answer:
    """Answer one request. In its log lines, and in the answer, it has the id that API Gateway gave it."""
    event["headers"] = {"x-request-id": event["requestContext"]["requestId"], **event.get("headers", {})}
    messenger()  # its databases are opened on the container's loop before that runs the request
    answer: Answer = _adapter()(event, context)
    return answer
