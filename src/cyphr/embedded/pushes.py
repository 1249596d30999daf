"""The inbox of pushes of the one-machine stack: what SNS was given is shown, because no phone is there to show it."""

import json
from collections import deque
from datetime import datetime
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from cyphr.foundation.clock import now
from cyphr.messenger.push.channel import Channel, Notification
from cyphr.messenger.push.models import Platform
from cyphr.messenger.push.payloads import message_of

_KEPT = 1000

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Pushes</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
  body {{ margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }}
  li {{ margin: 0.75rem 0; }}
  small {{ opacity: 0.7; overflow-wrap: anywhere; }}
  pre {{ overflow-x: auto; }}
</style>
<h1>Pushes</h1>
<p>What SNS took for people's devices, newest first. A newer push of a chat takes the place of an older one.</p>
<ul>{items}</ul>
</html>
"""
_ITEM = (
    "<li><strong>{title}</strong> {body} <small>{platform}, badge {badge}, {at:%H:%M:%S} UTC"
    ' · <a href="{link}">open the chat</a><br>to {token}</small>'
    "<details><summary>payload</summary><pre>{payload}</pre></details></li>"
)


class ShownPush(BaseModel):
    """One push that SNS took. ``payload``: the platform's own part of it."""

    model_config = ConfigDict(frozen=True)

    platform: Platform
    token: str
    endpoint: str
    chat_id: str
    title: str
    body: str
    badge: int
    waiting: int
    link: str
    silent: bool
    payload: dict[str, Any]
    at: datetime


class Pushes:
    """The newest pushes that SNS took, in memory, and the page that shows them."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._pushes: deque[ShownPush] = deque(maxlen=_KEPT)

    def know(self, endpoint: str, token: str) -> None:
        """This endpoint is the device with that token."""
        self._tokens[endpoint] = token

    def add(self, endpoint: str, message: str) -> None:
        """SNS took ``message`` for ``endpoint``."""
        self._pushes.appendleft(_read(endpoint, self._tokens.get(endpoint, ""), message))

    def pushes(self, token: str | None) -> list[ShownPush]:
        """Newest first; of one device's token or of all."""
        return [push for push in self._pushes if token is None or push.token == token]

    def router(self) -> APIRouter:
        """``GET /pushes?token=``: JSON for who asks for it, else a page."""
        router = APIRouter()

        @router.get("/pushes", include_in_schema=False)
        async def pushes(request: Request, token: str | None = None) -> Response:
            found = self.pushes(token)
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse({"pushes": [push.model_dump(mode="json") for push in found]})
            return HTMLResponse(_PAGE.format(items="".join(_item(push) for push in found)))

        return router


class PushInbox(Pushes):
    """A ``Channel`` that hands everything to another, and shows what it took."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    @property
    def platforms(self) -> frozenset[Platform]:
        """Those of the channel behind it."""
        return self._channel.platforms

    async def make_endpoint(self, platform: Platform, token: str) -> str:
        """See ``Channel.make_endpoint``."""
        endpoint = await self._channel.make_endpoint(platform, token)
        self.know(endpoint, token)
        return endpoint

    async def push(self, platform: Platform, endpoint: str, notification: Notification) -> None:
        """Hand over, then show. See ``Channel.push``."""
        await self._channel.push(platform, endpoint, notification)
        self.add(endpoint, message_of(platform, notification))

    async def forget_endpoint(self, endpoint: str) -> None:
        """See ``Channel.forget_endpoint``."""
        await self._channel.forget_endpoint(endpoint)


def _read(endpoint: str, token: str, message: str) -> ShownPush:
    """What a device makes of the ``Message`` of a publish."""
    payload = {name: json.loads(part) for name, part in json.loads(message).items() if name != "default"}
    (inner,) = payload.values()
    if "fcmV1Message" in inner:
        inner = inner["fcmV1Message"]["message"]
        platform = Platform.WEBPUSH if "webpush" in inner else Platform.FCM
        data, alert = inner["data"], inner.get("webpush", inner).get("notification")
    else:
        platform, data, alert = Platform.APNS, inner, inner["aps"].get("alert")
    return ShownPush(
        platform=platform,
        token=token,
        endpoint=endpoint,
        chat_id=data["chat"],
        title="" if alert is None else alert["title"],
        body="" if alert is None else alert["body"],
        badge=data["badge"],
        waiting=data["waiting"],
        link=data["link"],
        silent=alert is None,
        payload=payload,
        at=now(),
    )


def _item(push: ShownPush) -> str:
    return _ITEM.format(
        title="(number only)" if push.silent else escape(push.title),
        body="" if push.silent else escape(push.body),
        platform=push.platform,
        badge=push.badge,
        at=push.at,
        link=escape(push.link),
        token=escape(push.token or push.endpoint),
        payload=escape(json.dumps(push.payload, indent=2, ensure_ascii=False)),
    )
