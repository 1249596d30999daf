"""Errors as HTTP answers: problem+json (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cyphr.foundation.errors import (
    Conflict,
    CyphrError,
    FactorRequired,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RateLimited,
    StepUpRequired,
    Suspended,
    Unavailable,
)

_logger = logging.getLogger(__name__)

STATUS: dict[type[CyphrError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    StepUpRequired: HTTPStatus.FORBIDDEN,
    FactorRequired: HTTPStatus.FORBIDDEN,
    Suspended: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_MEDIA_TYPE = "application/problem+json"
_CODES = {status: error.code for error, status in STATUS.items() if CyphrError in error.__bases__}


class Problem(BaseModel):
    """Why a request was not served. ``code``: see the reference of errors."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool


def problem(
    status: int, detail: str, *, code: str, retryable: bool = False, headers: dict[str, str] | None = None
) -> JSONResponse:
    """One problem+json answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "retryable": retryable,
    }
    return JSONResponse(body, status, headers=headers, media_type=_MEDIA_TYPE)


def answer_errors(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem."""
    app.add_exception_handler(CyphrError, _answer_cyphr_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_unexpected)


def describe_errors(app: FastAPI) -> None:
    """Make the description of ``app`` say of every operation that it may answer with a problem."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            _add_problems(describe())
        return describe()

    app.openapi = described  # type: ignore[method-assign]


def _add_problems(schema: dict[str, Any]) -> None:
    content = {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema["paths"].values():
        for operation in operations.values():
            # What the framework would answer by itself, and does not: see _answer_invalid_request.
            operation["responses"].pop("422", None)
            operation["responses"]["4XX"] = {"description": "It was refused.", "content": content}
            operation["responses"].setdefault("503", {"description": "Come again.", "content": content})
    schemas = schema["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


async def _answer_cyphr_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CyphrError)
    status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    return problem(status, error.message, code=error.code, retryable=error.retryable, headers=_headers_of(error))


def _headers_of(error: CyphrError) -> dict[str, str]:
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if error.retryable:
        return {"Retry-After": str(error.context.get("retry_after", 1))}
    return {}


async def _answer_invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Never the input: it may be a PIN.
    details = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return problem(STATUS[InvalidInput], details, code=InvalidInput.code)


async def _answer_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(HTTPStatus(error.status_code), "error")
    return problem(error.status_code, str(error.detail), code=code, headers=dict(error.headers or {}))


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    context: dict[str, Any] = {"method": request.method, "path": request.url.path}
    _logger.error("a request failed unexpectedly", exc_info=error, extra={"context": context})
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong on the server", code="error")
