"""What every request passes before a feature sees it: request id, size, rate, and headers on the way out."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cyphr.foundation.errors import RateLimited
from cyphr.foundation.ids import uuid7
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.telemetry import request_id
from cyphr.messenger.caller import Caller, caller
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.problems import problem

LARGEST_BODY = 2 * 1024 * 1024

_LIMITED = {
    "/v1/accounts",
    "/v1/accounts/codes",
    "/v1/accounts/recovery",
    "/v1/accounts/recovery/codes",
    "/v1/cognito/password/forgot",
    "/v1/cognito/password/reset",
    "/v1/cognito/sessions",
    "/v1/cognito/sign-ups",
    "/v1/cognito/sign-ups/codes",
    "/v1/cognito/sign-ups/confirm",
    "/v1/sessions",
    "/v1/sessions/challenges",
    "/v1/sessions/challenges/passkey",
    "/v1/sessions/exchange",
    "/v1/sessions/passkeys",
    "/v1/sessions/passkeys/options",
    "/v1/sessions/refresh",
    "/v1/ws",
}
_REQUEST_ID = re.compile(r"[\w.:=\-]{1,64}", re.ASCII)
_LONGEST_USER_AGENT = 256


class Edge:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, settings: MessengerSettings) -> None:
        self._app = app
        self._buckets = TokenBuckets(settings.public_requests_per_minute, settings.public_requests_burst)
        self._headers = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "geolocation=(self), camera=(self), microphone=(self)",
            "content-security-policy": _content_security_policy(settings),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        current = given if _REQUEST_ID.fullmatch(given) else str(uuid7())
        token, before = request_id.set(current), caller.set(_caller(scope, headers))
        try:
            # A WebSocket sends many frames and has no headers to dress.
            dressed = send if scope["type"] == "websocket" else self._dress(send, current)
            await self._pass(scope, headers, receive, dressed)
        finally:
            caller.reset(before)
            request_id.reset(token)

    async def _pass(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] in _LIMITED:
                client = scope.get("client")
                self._buckets.take(client[0] if client else "", scope["path"])
        except RateLimited as error:
            refusal = problem(
                429,
                error.message,
                code=error.code,
                retryable=True,
                headers={"Retry-After": str(error.context["retry_after"])},
            )
            await refusal(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or "chunked" in headers.get("transfer-encoding", ""):
            refusal = problem(413, f"a body has a stated length of at most {LARGEST_BODY} bytes", code="invalid_input")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _dress(self, send: Send, current: str) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = current
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return dressed


def _caller(scope: Scope, headers: Headers) -> Caller:
    client, program = scope.get("client"), headers.get("user-agent", "")
    # A header is Latin-1 and may hold anything; what is remembered of it is short and can be printed.
    printable = "".join(letter for letter in program[:_LONGEST_USER_AGENT] if letter.isprintable())
    return Caller(address=client[0] if client else None, user_agent=printable or None)


def _content_security_policy(settings: MessengerSettings) -> str:
    """Only our own scripts; pictures also from where avatars are."""
    bases = [urlsplit(url) for url in (settings.files_supabase_url, settings.files_aws_url) if url]
    pictures = " ".join(dict.fromkeys(f"{base.scheme}://{base.netloc}" for base in bases if base.netloc))
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {pictures}".rstrip(),
            "connect-src 'self' ws: wss:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )
