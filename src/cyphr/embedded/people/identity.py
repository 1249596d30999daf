"""Who a simulated person is to the messenger: registering, signing in, tokens, the PIN."""

import asyncio
import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from cyphr.embedded.people.record import Account, PinChange
from cyphr.embedded.people.requests import Api, RequestFailed, bearer
from cyphr.embedded.people.tally import Tally
from cyphr.foundation.clock import monotonic, now

_MAIL_PATIENCE_SECONDS = 10.0
_MARGIN_SECONDS = 60.0


class Identity:
    """One account and its current session. Only one change of session or PIN happens at a time."""

    def __init__(self, api: Api, tally: Tally, *, full_name: str, email: str, cyphr_id: str, pin: str) -> None:
        self._api = api
        self._tally = tally
        self._wanted_cyphr_id = cyphr_id
        self._device_id = str(uuid4())
        self._session: dict[str, Any] = {}
        self._expires = 0.0
        self._turn = asyncio.Lock()
        self.on_new_session: Callable[[], None] = lambda: None
        """Called when a sign-in made another session: changing the PIN later ends the ones before."""
        self.account = Account(user_id="", email=email, cyphr_id="", full_name=full_name, pin=pin)

    @property
    def user_id(self) -> str:
        return self.account.user_id

    async def register(self) -> None:
        """Ask for a code, read it in the embedded mail-box, and make the account."""
        account = self.account
        await self._call("POST", "/v1/accounts/codes", kind="code", expect=(202,), json={"email": account.email})
        profile = {
            "email": account.email,
            "code": await self._read_code(),
            "full_name": account.full_name,
            "cyphr_id": self._wanted_cyphr_id,
            "pin": account.pin,
            "device": "simulated",
            "device_id": self._device_id,
        }
        session = await self._call("POST", "/v1/accounts", kind="argon2", expect=(201,), json=profile)
        self._begin(session)
        person = session["person"]
        if (person["full_name"], person["cyphr_id"]) != (account.full_name, self._wanted_cyphr_id):
            self._tally.failed(account.email, "POST /v1/accounts", f"registered as {person}, asked for {profile}")
        account.user_id, account.cyphr_id = person["id"], person["cyphr_id"]
        self._tally.record.accounts[account.user_id] = account

    async def sign_out(self) -> None:
        async with self._turn:
            await self._call("DELETE", "/v1/sessions/current", kind="session", expect=(204,), headers=self._headers())

    async def sign_in(self) -> None:
        """With e-mail and PIN. The older session is left as it is, like that of a device that was put away."""
        async with self._turn:
            await self._sign_in()

    async def refresh(self) -> None:
        """Rotate the tokens; signs in again when that failed, because the old token may be used up."""
        async with self._turn:
            await self._refresh()

    async def change_pin(self, dice: random.Random) -> None:
        """Set another PIN, and sign in with it."""
        async with self._turn:
            account, new_pin = self.account, new_random_pin(dice)
            old_pin, account.pin = account.pin, None
            body = {"pin": old_pin, "new_pin": new_pin}
            await self._call("PUT", "/v1/me/pin", kind="argon2", expect=(204,), json=body, headers=self._headers())
            account.pin = new_pin
            self._tally.record.pin_changes.append(PinChange(account.user_id, new_pin, now().timestamp()))
            await self._sign_in()

    async def access_token(self) -> str:
        """An access token that is good for a minute at least."""
        if monotonic() > self._expires - _MARGIN_SECONDS:
            async with self._turn:
                if monotonic() > self._expires - _MARGIN_SECONDS:
                    await self._refresh()
        return str(self._session["access_token"])

    async def headers(self) -> dict[str, str]:
        return bearer(await self.access_token())

    async def _sign_in(self) -> None:
        if self.account.pin is None:
            raise RequestFailed("the change of the PIN failed, so nobody knows which of two holds")
        body = {
            "email": self.account.email,
            "pin": self.account.pin,
            "device": "simulated",
            "device_id": self._device_id,
        }
        self._begin(await self._call("POST", "/v1/sessions", kind="argon2", expect=(201,), json=body))
        self.on_new_session()

    async def _refresh(self) -> None:
        body = {"refresh_token": self._session["refresh_token"]}
        try:
            self._begin(await self._call("POST", "/v1/sessions/refresh", kind="session", json=body))
        except RequestFailed:
            await self._sign_in()

    async def _read_code(self) -> str:
        deadline = monotonic() + _MAIL_PATIENCE_SECONDS
        while monotonic() < deadline:
            response = await self._api.call(
                self.account.email,
                "GET",
                "/mailbox",
                kind="fetch",
                params={"email": self.account.email},
                headers={"Accept": "application/json"},
            )
            if messages := response.json()["messages"]:
                return str(messages[0]["code"])
            await asyncio.sleep(0.1)
        self._tally.failed(self.account.email, "GET /mailbox", f"no code came in {_MAIL_PATIENCE_SECONDS:.0f} s")
        raise RequestFailed("GET /mailbox")

    async def _call(self, method: str, path: str, **arguments: Any) -> Any:
        response = await self._api.call(self.account.email, method, path, **arguments)
        return response.json() if response.content else None

    def _headers(self) -> dict[str, str]:
        return bearer(self._session["access_token"])

    def _begin(self, session: dict[str, Any]) -> None:
        self._session = session
        self._expires = monotonic() + session["expires_in"]


def new_random_pin(dice: random.Random) -> str:
    """Four to six digits."""
    return "".join(dice.choices("0123456789", k=dice.randint(4, 6)))
