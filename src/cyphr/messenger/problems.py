"""Errors as HTTP answers: problem+json (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cyphr.foundation.errors import (
    Conflict,
    CyphrError,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Unavailable,
)

_logger = logging.getLogger(__name__)

STATUS: dict[type[CyphrError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_CODES = {status: error.code for error, status in STATUS.items()}


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
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def answer_errors(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem."""
    app.add_exception_handler(CyphrError, _answer_cyphr_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_unexpected)


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
