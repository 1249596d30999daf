"""``$default``: one frame of one socket. Its answer goes back as the route's response; a resume is posted."""

import logging
from typing import Any

from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.errors import Conflict, CyphrError, NotAuthenticated, RateLimited
from cyphr.messenger.core import Core
from cyphr.messenger.lambdas.container import OK, Answer, Event, endpoint, invocation, run, settings, shared
from cyphr.messenger.lambdas.graph import core
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, TOO_BIG, TRY_AGAIN
from cyphr.messenger.realtime.exchange import Refused, failure, out_of_turn, parse, slow_down
from cyphr.messenger.realtime.gateway import Outcome
from cyphr.messenger.realtime.models import (
    LARGEST_FRAME,
    Close,
    Continue,
    Frame,
    Hello,
    Open,
    Ping,
    Receipt,
    Send,
    Typing,
)
from cyphr.messenger.realtime.resume import Resume
from cyphr.messenger.realtime.table import Place, identity_of

_logger = logging.getLogger(__name__)

_OPENS_PER_MINUTE = 60
_OPENS_BURST = 20


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Handle the frame. Never raises: API Gateway would answer the client in words of its own."""
    try:
        answer = run(_Frame(core(), event).handle())
    except Exception as error:
        answer = failure(None, error)
    return OK if answer is None else {**OK, "body": answer}


class _Frame:
    """One invocation."""

    def __init__(self, core: Core, event: Event) -> None:
        self._core = core
        self._exchange = core.exchange
        self._address: str = event["requestContext"]["connectionId"]
        self._endpoint = endpoint(event["requestContext"])
        self._body: str = event.get("body") or ""

    async def handle(self) -> str | None:
        """The answer, if there is one."""
        if len(self._body.encode()) > LARGEST_FRAME:
            return await self._end(TOO_BIG)
        place = await shared().table.find(self._address)
        try:
            frame = parse(self._body)
            if place is None:
                return await self._greet(frame)
        except Refused as refused:
            # Before the hello nothing but a hello is heard.
            return refused.answer if place is not None else await self._end(NOT_AUTHENTICATED)
        except NotAuthenticated:
            return await self._end(NOT_AUTHENTICATED)
        except CyphrError as error:
            _logger.warning("a hello could not be answered: %s", error)
            return await self._end(TRY_AGAIN)
        match frame:
            case Ping():
                return encode("pong")
            case Send():
                return await self._send(place, frame)
            case Receipt():
                answers = await self._exchange.advance(identity_of(place), place.id, [frame])
                return answers[0] if answers else None
            case Typing():
                return await self._type(place, frame)
            case Open():
                return await self._look(place, frame)
            case Close():
                return None
            case Continue():
                return await self._resume(self._exchange.resume(identity_of(place), frame.d.heads, frame.d.changes))
            case Hello():
                return out_of_turn(frame)

    async def _greet(self, frame: Frame) -> str | None:
        hello, identity = await self._exchange.greet(frame)
        connection = await shared().table.admission(self._address)
        if connection is None:
            raise Conflict("this connection has gone")
        # Before the resume reads: what is stored from now on is posted here, so nothing falls between.
        place = Place(connection, self._address, self._endpoint, identity.user_id, identity.session_id)
        await shared().table.register(place, admitted=True)
        await shared().ask_about(identity.user_id, now())
        answer = await self._resume(self._exchange.resume(identity, hello.d.heads, hello.d.changes))
        # Later than the registration: who is not registered yet when realtime moves is not called.
        if farewell := await self._core.relocation.farewell():
            await self._post(farewell)
        return answer

    async def _resume(self, resume: Resume) -> str | None:
        """Post page after page while there is time, for API Gateway gives up on an invocation after 29 s. Then the
        client is asked to ask for the rest.

        All of it is posted, its end too: what this returns would not be certain to come after what was posted.
        """
        deadline = monotonic() + settings().realtime.resume_seconds
        async for frame in resume.frames():
            if not await self._post(frame):
                return None
            if monotonic() > deadline:
                await self._post(encode("resume.more"))
                return None
        await self._post(resume.done())
        return None

    async def _send(self, place: Place, frame: Send) -> str:
        limits = settings().realtime
        wait = await shared().table.take(
            f"send#{place.user_id}", per_minute=limits.sends_per_minute, burst=limits.sends_burst
        )
        if wait:
            return slow_down(frame, wait)
        return await self._exchange.send(identity_of(place), place.id, frame)

    async def _type(self, place: Place, frame: Typing) -> str | None:
        if not await shared().table.may_type(self._address, frame.chat):
            return None
        try:
            members = await self._exchange.list_members(identity_of(place), frame.chat)
        except CyphrError as error:
            return failure(None, error)
        await self._exchange.relay_typing(identity_of(place), frame.chat, members)
        return None

    async def _look(self, place: Place, frame: Open) -> str:
        """Who is here now. Nobody keeps watch between two frames: a client asks again while the chat is open."""
        wait = await shared().table.take(f"open#{place.user_id}", per_minute=_OPENS_PER_MINUTE, burst=_OPENS_BURST)
        if wait:
            return failure(None, RateLimited("too many chats were opened; try again later", retry_after=int(wait) + 1))
        try:
            people = await self._core.presence.read_presence(place.user_id, frame.chat)
        except CyphrError as error:
            return failure(None, error)
        return encode("presence", frame.chat, d={"people": people})

    async def _post(self, frame: str) -> bool:
        outcome = await shared().gateway.post(self._endpoint, self._address, frame)
        if outcome is Outcome.LEFT:  # a gap in the middle of a resume: the client begins another
            await self._end(TRY_AGAIN)
        return outcome is Outcome.DELIVERED

    async def _end(self, code: int) -> str | None:
        await shared().gateway.end(self._endpoint, self._address, code)
        await shared().table.remove(self._address)
        return None
