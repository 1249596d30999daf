"""A canary's account: signed in once, its session kept alive for as long as the migrator runs."""

import contextlib
from typing import Any

import httpx

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import InvalidInput, Unavailable

_REQUEST_SECONDS = 30.0
_FRESH_SECONDS = 300.0  # an access token lives longer


class CanaryAccount:
    """An ordinary account of the messenger."""

    def __init__(self, api_url: str, email: str) -> None:
        self.email = email
        self._api_url = api_url
        self._session: dict[str, Any] = {}
        self._since = 0.0

    @property
    def user_id(self) -> str:
        """Known once ``token`` was asked for."""
        return str(self._session["person"]["id"])

    async def token(self, pin: str) -> str:
        """An access token that will do for a while. Raises InvalidInput when it cannot sign in, or Unavailable."""
        if not self._session or self._since + _FRESH_SECONDS < monotonic():
            self._session = await self._refresh() or await self._sign_in(pin)
            self._since = monotonic()
        return str(self._session["access_token"])

    async def open_chat(self, other: "CanaryAccount") -> tuple[str, int]:
        """The direct chat with ``other`` and its last place. Raises Unavailable."""
        body = {"type": "direct", "member_ids": [other.user_id]}
        answer = await self._request("POST", "/v1/chats", json=body, headers=self._authorization())
        if not answer.is_success:
            raise Unavailable(f"the canaries' chat cannot be opened: {answer.text[:200]}")
        chat = answer.json()
        return str(chat["id"]), int(chat["last_seq"])

    async def sign_out(self) -> None:
        """End the session, if the messenger can still be told."""
        if self._session:
            with contextlib.suppress(Unavailable):
                await self._request("DELETE", "/v1/sessions/current", headers=self._authorization())
            self._session = {}

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._session['access_token']}"}

    async def _refresh(self) -> dict[str, Any] | None:
        if not self._session:
            return None
        answer = await self._request(
            "POST", "/v1/sessions/refresh", json={"refresh_token": self._session["refresh_token"]}
        )
        return dict(answer.json()) if answer.is_success else None

    async def _sign_in(self, pin: str) -> dict[str, Any]:
        body = {"email": self.email, "pin": pin, "device": "migration canary"}
        answer = await self._request("POST", "/v1/sessions", json=body)
        if answer.status_code in (401, 422):
            raise InvalidInput(
                f"the canary {self.email} cannot sign in; register it and give its PIN in canary_pin_file"
            )
        if not answer.is_success:
            raise Unavailable(f"the canary {self.email} cannot sign in now: {answer.text[:200]}")
        return dict(answer.json())

    async def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            async with httpx.AsyncClient(base_url=self._api_url, timeout=_REQUEST_SECONDS) as http:
                return await http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise Unavailable(f"the messenger's API at {self._api_url} does not answer: {error}") from error
