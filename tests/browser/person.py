"""A person in front of a browser: does what a person does, and keeps every error that the browser reports."""

from enum import Enum
from typing import Any, Literal

from playwright.async_api import ConsoleMessage, Page, expect

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
    """One page in a browser context of its own."""

    def __init__(self, name: str, address: str, page: Page) -> None:
        self.name = name
        self.address = address
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(f"{name}: {error}"))

    @property
    def cyphr_id(self) -> str:
        return f"@{self.name.split()[0].lower()}"

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

    async def arrive(self) -> None:
        """Be registered and signed in at once: what ``register`` does by hand, for tests of what comes after it."""
        api = self.page.request
        await api.post(f"{self.address}/v1/accounts/codes", data={"email": self.email})
        letters = await api.get(
            f"{self.address}/mailbox", params={"email": self.email}, headers={"Accept": "application/json"}
        )
        code = (await letters.json())["messages"][0]["code"]
        account = {"email": self.email, "code": code, "pin": PIN, "full_name": self.name, "cyphr_id": self.cyphr_id}
        session = await (await api.post(f"{self.address}/v1/accounts", data=account)).json()
        await self.page.evaluate(
            "(session) => localStorage.setItem('cyphr.session',"
            " JSON.stringify({ ...session, expires_at: Date.now() + session.expires_in * 1000 }))",
            session,
        )
        await self.page.reload()
        await self.sees_chats()

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
        """Type and press the Send button, as people on any device can."""
        await self.page.get_by_role("textbox", name="Message").press_sequentially(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()

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
