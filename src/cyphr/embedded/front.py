"""What stands before the functions on one machine, as CloudFront does on AWS: the web client, public objects, the
mailbox, the pushes, and everything else passed on to the HTTP API. The WebSocket is not among it: clients are told
where it is.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from cyphr.embedded.gateway import Gateway
from cyphr.embedded.mailbox import SentMail, mailbox_router
from cyphr.embedded.push_door import PushDoor
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.edge import Edge
from cyphr.messenger.problems import answer_errors, problem
from cyphr.messenger.web import WebClient

_PATIENCE_SECONDS = 30.0  # API Gateway's own
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Of one connection only, or made anew on the way.
_NOT_PASSED_ON = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}


def create_front(settings: MessengerSettings, api: str) -> FastAPI:
    """The application. ``api``: base URL of the HTTP API."""
    client = httpx.AsyncClient(base_url=api, timeout=_PATIENCE_SECONDS)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(title="Cyphr", openapi_url=None, lifespan=lifespan)
    app.include_router(_api(client))
    assert settings.aws.endpoint_url is not None
    app.include_router(PushDoor(settings.aws.endpoint_url).router())
    app.include_router(mailbox_router(SentMail(settings.aws.endpoint_url)))
    if settings.files_aws_bucket is not None:
        app.include_router(Gateway(settings.aws, files_bucket=settings.files_aws_bucket).router())
    if settings.web_folder is not None:
        app.mount("/", WebClient(settings.web_folder), name="web")
    answer_errors(app)
    app.add_middleware(Edge, settings=settings)
    return app


def _api(client: httpx.AsyncClient) -> APIRouter:
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET"])
    @router.api_route("/readyz", methods=["GET"])
    @router.api_route("/v1/{rest:path}", methods=_METHODS)
    async def pass_on(request: Request) -> Response:
        try:
            answer = await client.request(
                request.method,
                request.url.path,
                params=str(request.query_params),
                content=await request.body(),
                headers=_passed_on(request.headers.items()),
            )
        except httpx.HTTPError:
            return problem(503, "the HTTP API does not answer", code="unavailable", retryable=True)
        return Response(answer.content, answer.status_code, headers=dict(_passed_on(answer.headers.items())))

    return router


def _passed_on(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]
