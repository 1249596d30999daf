"""What stands before the stand-in's Cognito and refuses as AWS does: what is too much, or single requests."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from cyphr.foundation.clock import monotonic


@dataclass
class CognitoDoor:
    """Passes calls on with their signatures. ``quotas``: requests a second by operation; ``failing``: answers to give.

    A key of ``failing`` is an operation, its value the error codes of the next so many requests.
    """

    stand_in: str
    quotas: dict[str, float] = field(default_factory=dict)
    failing: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    app: FastAPI = field(default_factory=FastAPI)

    def __post_init__(self) -> None:
        self.app.add_api_route("/", self._pass_on, methods=["POST"])
        self._room: dict[str, tuple[float, float]] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["CognitoDoor"]:
        async with httpx.AsyncClient(timeout=30) as self._http:
            yield self

    async def _pass_on(self, request: Request) -> Response:
        operation = request.headers["x-amz-target"].removeprefix("AWSCognitoIdentityProviderService.")
        self.asked[operation] += 1
        if self.failing[operation]:
            return self._refuse(operation, self.failing[operation].pop(0))
        if not self._has_room(operation):
            return self._refuse(operation, "TooManyRequestsException")
        headers = {name: value for name, value in request.headers.items() if name != "connection"}
        answer = await self._http.post(self.stand_in, content=await request.body(), headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    def _refuse(self, operation: str, code: str) -> Response:
        self.refused[operation] += 1
        status = 500 if code.startswith("Internal") else 400
        return JSONResponse({"__type": code, "message": code}, status, media_type="application/x-amz-json-1.1")

    def _has_room(self, operation: str) -> bool:
        """A bucket that holds half a second's worth of requests."""
        quota = self.quotas.get(operation)
        if quota is None:
            return True
        now = monotonic()
        room, before = self._room.get(operation, (quota / 2, now))
        room = min(quota / 2, room + (now - before) * quota)
        self._room[operation] = (room - 1 if room >= 1 else room, now)
        return room >= 1
