"""A person in front of a browser: does what a person does, and keeps every error that the browser reports."""

import json
import time
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
from playwright.async_api import ConsoleMessage, Locator, Page, expect

PIN = "482916"


def _screen(width: int, height: int, *, phone: bool = False) -> dict[str, Any]:
    more = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True} if phone else {}
    return {"viewport": {"width": width, "height": height}, **more}


class Device(Enum):
    """Screens of the three layouts, as options of a browser context."""

    LAPTOP = _screen(1440, 900)
    TABLET = _screen(900, 700)
    PHONE = _screen(393, 852, phone=True)
    SMALL_PHONE = _screen(360, 640, phone=True)


class BrowserPerson:
    """One page in a browser context of its own, which ``sit_down`` gives."""

    page: Page

    def __init__(self, name: str, number: int, address: str, screenshots: Path | None) -> None:
        """``number``: tells people of one name apart; ``screenshots``: the folder for them, if they are wanted."""
        self.name = name
        self.address = address
        self.errors: list[str] = []
        self._number = number
        self._screenshots = screenshots

    def sit_down(self, page: Page) -> None:
        self.page = page
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(f"{self.name}: {error}"))

    @property
    def cyphr_id(self) -> str:
        return f"@{self.name.split()[0].lower()}{self._number}"

    @property
    def email(self) -> str:
        return f"{self.cyphr_id[1:]}@example.org"

    async def register(self) -> None:
        """From the first page to the list of chats, with the code from the mail-box."""
        page = self.page
        await page.get_by_role("button", name="Create an account").click()
        await page.get_by_label("Email").fill(self.email)
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.get_by_role("link", name="mail-box")).to_be_visible()
        letters = await page.request.get(
            f"{self.address}/mailbox", params={"email": self.email}, headers={"Accept": "application/json"}
        )
        await page.get_by_label("Code from the email").fill((await letters.json())["messages"][0]["code"])
        await page.get_by_label("Your name").fill(self.name)
        await page.get_by_label("Your @cyphr_id").fill(self.cyphr_id)
        await page.get_by_label("PIN").fill(PIN)
        await page.get_by_role("button", name="Start chatting").click()
        await self.sees_chats()

    async def registered(self) -> str:
        """Make the account without a browser: the session as the web client keeps it."""
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as api:
            await api.post("/v1/accounts/codes", json={"email": self.email})
            letters = await api.get("/mailbox", params={"email": self.email}, headers={"Accept": "application/json"})
            code = letters.json()["messages"][0]["code"]
            account = {"email": self.email, "code": code, "pin": PIN, "full_name": self.name, "cyphr_id": self.cyphr_id}
            answer = await api.post("/v1/accounts", json=account)
            assert answer.status_code == 201, answer.text
        session = answer.json()
        return json.dumps({**session, "expires_at": (time.time() + session["expires_in"]) * 1000})

    async def sign_in(self, pin: str = PIN) -> None:
        await self.page.get_by_label("Email").fill(self.email)
        await self.page.get_by_label("PIN").fill(pin)
        await self.page.get_by_role("button", name="Sign in").click()

    async def sees_chats(self) -> None:
        await expect(self.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()
        await expect(self.page.locator("[data-connection=live]")).to_be_attached()

    async def start_chat_with(self, other: "BrowserPerson") -> None:
        await self.page.get_by_role("button", name="New chat").first.click()
        await self.page.get_by_label("@cyphr_id").fill(other.cyphr_id)
        await self.page.get_by_role("button", name="Start chat").click()
        await expect(self.page.get_by_role("heading", name=other.name)).to_be_visible()

    async def start_group(self, name: str, *others: "BrowserPerson") -> None:
        page = self.page
        await page.get_by_role("button", name="New chat").first.click()
        await page.get_by_role("button", name="Group", exact=True).click()
        await page.get_by_label("Group name").fill(name)
        for other in others:
            await page.get_by_label("@cyphr_id").fill(other.cyphr_id)
            await page.get_by_role("button", name="Add").click()
            await expect(page.get_by_role("list", name="Members")).to_contain_text(other.name)
        await page.get_by_role("button", name="Create group").click()
        await expect(page.get_by_role("heading", name=name)).to_be_visible()

    async def open_chat(self, name: str) -> None:
        await self.page.get_by_role("link", name=name).click()
        await expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    async def write(self, text: str) -> None:
        """Add to what stands in the field, in one go as from a phone's suggestions, and press the Send button."""
        await self.page.get_by_role("textbox", name="Message").focus()
        await self.page.keyboard.insert_text(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def write_elsewhere(self, chat: str, texts: Iterable[str]) -> None:
        """Messages into a chat of this name, as from another device of theirs: not typed, nor drawn one by one."""
        session = json.loads(await self.page.evaluate("localStorage.getItem('cyphr.session')"))
        auth = {"Authorization": f"Bearer {session['access_token']}"}
        async with httpx.AsyncClient(base_url=self.address, timeout=60, headers=auth) as api:
            listed = (await api.get("/v1/chats")).json()
            (there,) = [one["id"] for one in listed if chat in {one["name"], *(m["full_name"] for m in one["members"])}]
            for text in texts:
                answer = await api.post(f"/v1/chats/{there}/messages", json={"id": str(uuid4()), "content": text})
                assert answer.status_code == 201, answer.text

    async def choose(self, text: str, action: str, role: Literal["menuitem", "menuitemcheckbox"] = "menuitem") -> None:
        """An action from the menu of the message with this text."""
        await self.open_menu(text)
        await self.page.get_by_role(role, name=action).click()
        await expect(self.page.get_by_role("menu")).to_have_count(0)

    async def open_menu(self, text: str) -> None:
        """Open a message's menu as on this device: by its button, or held (which Chromium tells as a right click)."""
        if await self.page.evaluate("matchMedia('(pointer: coarse)').matches"):
            await self.message(text).click(button="right")
        else:
            await self.message(text).hover()
            row = self.page.locator("[data-row]").filter(has=self.message(text))
            await row.get_by_role("button", name="Message actions").click()
        await expect(self.page.get_by_role("menu")).to_be_visible()

    async def choose_for_chat(self, name: str, action: str) -> None:
        """An action from the menu of a chat in the list."""
        await self.page.get_by_role("link", name=name).hover()
        await self.page.get_by_role("button", name=f"Actions for {name}").click()
        await self.page.get_by_role("menuitem", name=action).click()
        await expect(self.page.get_by_role("menu")).to_have_count(0)

    async def picture(self, name: str, of: Locator | None = None) -> None:
        """A screenshot of the page or of a part of it, if they are wanted."""
        if self._screenshots is not None:
            await (of or self.page).screenshot(path=self._screenshots / f"{name}.png")

    def message(self, text: str) -> Any:
        """The bubble with this text."""
        return self.page.locator("[data-bubble]").filter(has_text=text)

    async def sees_message(self, text: str) -> None:
        await expect(self.message(text)).to_have_count(1)

    async def sees_status(self, text: str, status: str) -> None:
        await expect(self.message(text).locator("[data-status]")).to_have_attribute("data-status", status)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{self.name}: {message.type}: {message.text}")
