"""HTTP requests of simulated people: each is timed, and each that fails is remembered with its details."""

from typing import Any

import httpx

from cyphr.embedded.people.record import Kind
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic, now

PATIENCE_SECONDS = 60.0
"""How long a person waits for any answer before calling the request failed."""


class RequestFailed(Exception):
    """An answer that the contract does not promise, or none. It is in the record already."""


class Api:
    """The messenger's HTTP API, shared by everyone in the crowd. Use as an async context manager."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._tally = tally
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            # A connection that has been idle is dropped before the server would: a request that crosses the server's
            # closing fails through nobody's fault.
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=40, keepalive_expiry=2.0),
        )

    async def find_websocket(self) -> str:
        """Where the WebSocket is; everybody's first question. Raises httpx.HTTPError when there is no answer."""
        told = (await self._client.get("/v1/addresses")).raise_for_status().json()["websocket"]
        return str(told or f"{self._client.base_url}".replace("http", "ws", 1).rstrip("/") + "/v1/ws")

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def call(
        self, person: str, method: str, path: str, *, kind: Kind, expect: tuple[int, ...] = (200,), **arguments: Any
    ) -> httpx.Response:
        """Make one request; ``arguments`` are httpx's. Raises RequestFailed when the status is not an expected one."""
        self._tally.record.requests += 1
        started_at, started = now().timestamp(), monotonic()
        what = f"{method} {path}"
        try:
            response = await self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            self._tally.failed(person, what, f"{type(error).__name__}: {error} after {monotonic() - started:.3f} s")
            raise RequestFailed(what) from error
        finally:
            self._tally.waited(kind, started_at, monotonic() - started)
        if response.status_code not in expect:
            self._tally.failed(person, what, f"status {response.status_code}: {response.text}")
            raise RequestFailed(what)
        return response


def bearer(token: str) -> dict[str, str]:
    """The header that says who is asking."""
    return {"Authorization": f"Bearer {token}"}
