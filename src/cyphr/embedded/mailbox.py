"""The mailbox of the one-machine stack: mail is shown instead of sent."""

from collections import deque
from datetime import UTC, datetime
from html import escape
from typing import Protocol

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from cyphr.foundation.clock import now
from cyphr.messenger.accounts import mail

_KEPT = 1000

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Mailbox</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
  body {{ margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }}
  li {{ margin: 0.75rem 0; }}
  code {{ font-size: 1.5rem; letter-spacing: 0.15em; }}
  small {{ opacity: 0.7; }}
</style>
<h1>Mailbox</h1>
<p>Mail that the messenger would have sent, newest first.</p>
<ul>{items}</ul>
</html>
"""
_ITEM = "<li><strong>{subject}</strong> to {to} <small>{at:%H:%M:%S} UTC</small><br>{code}{text}</li>"


class Letter(BaseModel):
    """One mail as it arrived. ``code``: None in one that only tells something."""

    model_config = ConfigDict(frozen=True)

    to: str
    subject: str
    code: str | None
    text: str
    at: datetime


class Letters(Protocol):
    """Where letters lie."""

    async def letters(self, email: str | None) -> list[Letter]:
        """Newest first; of one address (capitals do not matter) or of all."""
        ...


class Mailbox:
    """Keeps the newest letters of this process in memory. It is the messenger's ``Mail``."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=_KEPT)

    async def send(self, to: str, letter: mail.Letter) -> None:
        """Show the letter to whoever opens the mailbox."""
        self._letters.appendleft(_arrived(to, letter.subject, letter.body, now()))

    async def send_notice(self, to: str, subject: str, text: str) -> None:
        """Show a notice to whoever opens the mailbox."""
        await self.send(to, mail.Letter(subject, text))

    async def letters(self, email: str | None) -> list[Letter]:
        """See ``Letters``."""
        return [letter for letter in self._letters if _is_for(letter, email)]

    def router(self) -> APIRouter:
        """The page of this mailbox."""
        return mailbox_router(self)


class SentMail:
    """What was sent through the stand-in's SES."""

    def __init__(self, stand_in: str) -> None:
        """``stand_in``: its base URL."""
        self._url = f"{stand_in}/_ministack/ses/messages"

    async def letters(self, email: str | None) -> list[Letter]:
        """See ``Letters``."""
        async with httpx.AsyncClient() as http:
            answer = (await http.get(self._url)).raise_for_status().json()
        sent = [one for of_account in answer["messages"].values() for one in of_account]
        found = [
            _arrived(one["To"][0], one["Subject"], one["BodyText"], datetime.fromtimestamp(one["Timestamp"], UTC))
            for one in reversed(sent[-_KEPT:])
        ]
        return [letter for letter in found if _is_for(letter, email)]


def _arrived(to: str, subject: str, body: str, at: datetime) -> Letter:
    first, _, rest = body.partition("\n")
    code = first if first.isdecimal() else None
    return Letter(to=to, subject=subject, code=code, text=(rest if code else body).strip(), at=at)


class AllMail:
    """What this process would have sent, and what Cognito sent through the stand-in's SES."""

    def __init__(self, own: Mailbox, sent: SentMail) -> None:
        self._own = own
        self._sent = sent

    async def letters(self, email: str | None) -> list[Letter]:
        """See ``Letters``."""
        both = [*await self._own.letters(email), *await self._sent.letters(email)]
        return sorted(both, key=lambda letter: letter.at, reverse=True)


def _is_for(letter: Letter, email: str | None) -> bool:
    return email is None or letter.to.lower() == email.lower()


def mailbox_router(box: Letters) -> APIRouter:
    """``GET /mailbox?email=``: JSON for who asks for it, else a page."""
    router = APIRouter()

    @router.get("/mailbox", include_in_schema=False)
    async def mailbox(request: Request, email: str | None = None) -> Response:
        letters = await box.letters(email)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"messages": [letter.model_dump(mode="json") for letter in letters]})
        items = (
            _ITEM.format(
                to=escape(letter.to),
                subject=escape(letter.subject),
                code=f"<code>{escape(letter.code)}</code><br>" if letter.code else "",
                text=escape(letter.text),
                at=letter.at,
            )
            for letter in letters
        )
        return HTMLResponse(_PAGE.format(items="".join(items)))

    return router
