"""The functions' way to the stand-in's SNS, which keeps nothing of what is published: what it took is noted here."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

import httpx
from fastapi import APIRouter, Request, Response

from cyphr.embedded.addresses import SNS_PATH
from cyphr.embedded.pushes import Pushes

_MADE = re.compile(r"<EndpointArn>([^<]+)</EndpointArn>")


class PushDoor:
    """Passes every call on as it came, with its signature, and its answer back."""

    def __init__(self, stand_in: str) -> None:
        """``stand_in``: its base URL."""
        self._stand_in = stand_in
        self.pushes = Pushes()

    def router(self) -> APIRouter:
        """``POST /sns``, for functions, and the page of ``Pushes``, for people."""
        router = self.pushes.router()

        @router.post(SNS_PATH, include_in_schema=False)
        async def pass_on(request: Request) -> Response:
            body = await request.body()
            headers = {name: value for name, value in request.headers.items() if name != "connection"}
            async with httpx.AsyncClient() as http:
                answer = await http.post(f"{self._stand_in}{SNS_PATH}", content=body, headers=headers)
            if answer.status_code == 200:
                self._note({name: values[0] for name, values in parse_qs(body.decode()).items()}, answer.text)
            return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

        return router

    def _note(self, call: Mapping[str, str], answer: str) -> None:
        made = _MADE.search(answer)
        if call["Action"] == "CreatePlatformEndpoint" and made is not None:
            self.pushes.know(made[1], call["Token"])
        elif call["Action"] == "Publish":
            self.pushes.add(call["TargetArn"], call["Message"])
