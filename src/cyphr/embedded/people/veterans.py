"""People who had an account at Supabase Auth before: they come with their password, their authenticator, or a session
that Supabase began, and some wait a long time before they come at all.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyotp

from cyphr.embedded.people.identity import Identity, new_random_pin
from cyphr.embedded.people.requests import Api, RequestFailed, bearer
from cyphr.embedded.people.tally import Tally

_PASSWORDS_A_VISIT = 2


@dataclass(frozen=True)
class Veteran:
    """One of them. ``secret``: of their authenticator; ``token``: an access token that Supabase issued."""

    email: str
    password: str
    secret: str | None
    token: str


@dataclass
class Visit:
    """Who signed in how at one point of the migration, all of them with success."""

    phase: str
    by_password: int = 0
    """For the first time since the migration began."""
    by_authenticator: int = 0
    """The same, with a code of the authenticator that they had at Supabase."""
    by_old_session: int = 0
    """With a token of Supabase's, exchanged for a session here or used as it is."""
    registered: int = 0
    still_signed_in: int = 0
    """Sessions of all earlier visits that went on."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Veterans:
    """All of them. At each visit a few more come, and whoever came before sees whether they are still signed in."""

    def __init__(self, api: Api, tally: Tally, people: Sequence[Veteran], dice: random.Random) -> None:
        """``people``: enough for the visits to come; the first of them uses what Supabase issued for ever."""
        self._api = api
        self._tally = tally
        self._faithful, *others = people
        self._plain = [one for one in others if one.secret is None]
        self._careful = [one for one in others if one.secret is not None]
        self._dice = dice
        self._sessions: dict[str, dict[str, Any]] = {}
        self._newcomers: list[Identity] = []

    async def visit(self, phase: str) -> Visit:
        """Do all of it once. What fails is in the record."""
        visit = Visit(phase)
        earlier = [partial(self._refresh, email) for email in self._sessions]
        visit.still_signed_in = await self._count(*earlier)
        visit.still_signed_in += await self._count(*(one.refresh for one in self._newcomers))
        plain = [self._plain.pop() for _ in range(_PASSWORDS_A_VISIT)]
        visit.by_password = await self._count(*(partial(self._sign_in, one) for one in plain))
        careful, old = self._careful.pop(), self._plain.pop()
        visit.by_authenticator = await self._count(lambda: self._sign_in(careful))
        visit.by_old_session = await self._count(lambda: self._exchange(old), lambda: self._look(self._faithful.email))
        visit.registered = await self._count(self._register)
        return visit

    async def _count(self, *doings: Callable[[], Awaitable[None]]) -> int:
        done = 0
        for doing in doings:
            try:
                await doing()
                done += 1
            except RequestFailed:
                pass  # in the record already
            except (KeyError, TypeError, ValueError) as error:
                self._tally.failed("veterans", "answer", f"not as the contract has it: {error!r}")
        return done

    async def _sign_in(self, one: Veteran) -> None:
        body = {"email": one.email, "password": one.password, "device": "simulated"}
        wanted = 201 if one.secret is None else 202
        answer = await self._call(one.email, "POST", "/v1/cognito/sessions", expect=(wanted,), json=body)
        if one.secret is not None:
            body = {"challenge": answer["challenge"], "code": pyotp.TOTP(one.secret).now()}
            answer = await self._call(one.email, "POST", "/v1/sessions/challenges", expect=(201,), json=body)
        self._sessions[one.email] = answer
        await self._look(one.email)

    async def _exchange(self, one: Veteran) -> None:
        body = {"token": one.token, "device": "simulated"}
        answer = await self._call(one.email, "POST", "/v1/sessions/exchange", expect=(201,), json=body)
        self._sessions[one.email] = answer
        await self._look(one.email)

    async def _refresh(self, email: str) -> None:
        body = {"refresh_token": self._sessions[email]["refresh_token"]}
        self._sessions[email] = await self._call(email, "POST", "/v1/sessions/refresh", json=body)
        await self._look(email)

    async def _register(self) -> None:
        number = len(self._newcomers) + 1
        newcomer = Identity(
            self._api,
            self._tally,
            full_name=f"Newcomer {number}",
            email=f"newcomer-{number}@people.cyphr.test",
            cyphr_id=f"@newcomer_{number}",
            pin=new_random_pin(self._dice),
        )
        await newcomer.register()
        self._newcomers.append(newcomer)

    async def _look(self, email: str) -> None:
        """Ask for something that only who is signed in gets."""
        session = self._sessions.get(email)
        token = session["access_token"] if session is not None else self._faithful.token
        await self._call(email, "GET", "/v1/chats", kind="fetch", headers=bearer(token))

    async def _call(self, person: str, method: str, path: str, **arguments: Any) -> Any:
        arguments.setdefault("kind", "argon2")
        return (await self._api.call(person, method, path, **arguments)).json()
