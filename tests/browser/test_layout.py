"""Nothing is cut off, nothing is too small to touch, and axe finds nothing, on any screen and in light and dark."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenBrowser
from tests.browser.person import BrowserPerson, Device

# Every control that can be seen, with its box. A link within a sentence (inline) is as small as its words (WCAG 2.5.8).
_CONTROLS = """() => [...document.querySelectorAll("a[href], button, input, textarea, select, [role=button]")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .map((element) => {
    const { left, right, width, height } = element.getBoundingClientRect();
    const name = element.getAttribute("aria-label") ?? element.textContent.trim() ?? element.id;
    const inline = getComputedStyle(element).display === "inline";
    return { name: `${element.tagName} ${name || element.id}`, left, right, width, height, inline };
  })"""
_AXE = """async () => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: rules } });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])]);
}"""


@pytest.mark.parametrize(
    ("device", "scheme"),
    [
        (Device.LAPTOP, "dark"),
        (Device.SMALL_PHONE, "light"),
        # What fits on the smallest and on the largest fits between them; both sets of colours were seen there, too.
        pytest.param(Device.LAPTOP, "light", marks=pytest.mark.soak),
        pytest.param(Device.TABLET, "light", marks=pytest.mark.soak),
        pytest.param(Device.PHONE, "dark", marks=pytest.mark.soak),
    ],
)
async def test_every_screen_fits_can_be_touched_and_passes_wcag_2_2_aa(
    open_browser: OpenBrowser, arrive: OpenBrowser, axe_script: str, device: Device, scheme: str
) -> None:
    boris = await arrive("Boris Lind")
    anna = await open_browser("Anna Petrova", device, color_scheme=scheme)
    width = device.value["viewport"]["width"]
    async for screen in _screens(anna, boris):
        await anna.picture(f"{device.name.lower()}-{scheme}-{screen}")
        assert await anna.page.evaluate("window.innerWidth") == width, screen
        assert await anna.page.evaluate("document.documentElement.scrollWidth") <= width, screen
        controls = await anna.page.evaluate(_CONTROLS)
        assert controls, screen
        outside = [one for one in controls if one["left"] < 0 or one["right"] > width]
        assert outside == [], screen
        small = [one for one in controls if not one["inline"] and min(one["height"], one["width"]) < 44]
        assert small == [], screen
        violations = await _violations(anna.page, axe_script)
        assert violations == [], f"{screen}: {json.dumps(violations, indent=1, ensure_ascii=False)}"


async def _screens(person: BrowserPerson, other: BrowserPerson) -> AsyncIterator[str]:
    """Walk through every screen; yields the name of each while it is shown."""
    page = person.page
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_role("status", name="Where each service runs")).to_be_visible()
    yield "welcome"
    await page.get_by_role("button", name="Create an account").click()
    yield "register"
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_role("button", name="Send me a code").click()
    await expect(page.get_by_role("link", name="mail-box")).to_be_visible()
    # The longest form of all: its beginning must be within reach, on a small screen by scrolling.
    await page.get_by_role("heading", name="Create an account").click(trial=True)
    yield "register-code"
    await page.reload()
    await person.register()
    yield "no-chats"
    await page.get_by_role("button", name="New chat").first.click()
    await page.get_by_role("button", name="Group", exact=True).click()
    await _settle(page)
    yield "new-group"
    await page.keyboard.press("Escape")
    await person.start_chat_with(other)
    await person.write("Then let's do the database on Tuesday, and everything else in the week after it.")
    await other.open_chat(person.name)
    await other.write("Agreed 🎉 I'll write it up.")
    await person.sees_message("Agreed 🎉")
    await person.choose("Agreed 🎉", "React with 👍", role="menuitemcheckbox")
    await person.choose("Agreed 🎉", "Reply")
    await person.write("Answered with **bold** and `code`, see https://example.org")
    await person.sees_status("Answered with", "read")
    yield "chat"
    async for screen in _over_the_chat(person):
        yield screen
    await page.goto(f"{person.address}/#/chats")
    await person.sees_chats()
    await _settle(page)
    yield "chats"
    await page.goto(f"{person.address}/#/profile")
    await expect(page.get_by_text(person.email)).to_be_visible()
    yield "profile"


async def _over_the_chat(person: BrowserPerson) -> AsyncIterator[str]:
    """What opens above a conversation, each closed again with Esc."""
    page = person.page
    await person.open_menu("Answered with")
    yield "message-menu"
    await page.get_by_role("menuitem", name="More reactions").click()
    await expect(page.get_by_role("dialog", name="React")).to_be_visible()
    await _settle(page)
    yield "more-reactions"
    await page.keyboard.press("Escape")
    about = page.get_by_role("button", name="About this chat")
    if await about.is_visible():
        await about.click()
        await expect(page.get_by_role("dialog").get_by_label("Disappearing messages")).to_be_visible()
        await _settle(page)
        yield "about"
        await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Chats and messages").fill("week")
    await expect(page.get_by_role("option").filter(has_text="week after")).to_be_visible()
    await _settle(page)
    yield "search"
    await page.keyboard.press("Escape")


async def _settle(page: Page) -> None:
    """Wait for what moves: half-faded text has too little contrast for axe, rightly."""
    await page.evaluate(
        "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity)"
        ".map((one) => one.finished.catch(() => null)))"
    )


async def _violations(page: Page, axe_script: str) -> list[Any]:
    # Evaluated by the debugger, not by the page: its Content-Security-Policy rightly takes no foreign script.
    await page.evaluate(axe_script)
    violations: list[Any] = await page.evaluate(_AXE)
    return violations
