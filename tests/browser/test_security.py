"""Second factors and devices, in the browser: with codes, with a passkey of Chromium's own, and from two of them."""

import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from cyphr.foundation.settings import PasskeySettings
from tests.browser.conftest import OpenBrowser
from tests.browser.person import PIN, Device
from tests.conftest import TestSide
from tests.e2e.messenger.authenticators import Authenticator
from tests.e2e.messenger.conftest import serve, settings_for


@pytest_asyncio.fixture(scope="module")
async def address(side: TestSide, token_key: Path, web_folder: Path) -> AsyncIterator[str]:
    """As everywhere, but by a name: browsers make no passkeys for a bare address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{listener.getsockname()[1]}"
        passkeys = PasskeySettings(site="localhost", origins=(origin,))
        settings = settings_for(side, token_key=token_key, web_folder=web_folder, passkeys=passkeys)
        async with serve(settings, listener=listener):
            yield origin


async def _give_passkeys(page: Page) -> None:
    """Plug in a virtual authenticator that its owner always unlocks."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    more = {"isUserVerified": True, "automaticPresenceSimulation": True}
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options | more})


def _section(page: Page, heading: str) -> Locator:
    return page.locator("section section").filter(has=page.get_by_role("heading", name=heading, exact=True))


async def test_a_person_guards_their_account_and_signs_in_with_what_they_set_up(
    arrive: OpenBrowser, open_browser: OpenBrowser
) -> None:
    anna = await arrive("Anna Petrova")
    page = anna.page
    await _give_passkeys(page)
    await page.get_by_role("link", name="Profile").click()
    await page.get_by_role("button", name="Add an authenticator").click()
    await expect(page.get_by_role("img", name="QR code for an authenticator")).to_be_visible()
    secret = await page.get_by_role("link", name=re.compile("^[A-Z2-7]{32}$")).inner_text()
    await anna.picture("security-authenticator", _section(page, "Second factor"))
    authenticator = Authenticator(secret)
    await page.get_by_label("Its code").fill(authenticator.code(0))
    await page.get_by_role("button", name="Confirm").click()
    shown = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    await expect(shown).to_have_count(10)
    codes = await shown.all_inner_texts()
    await anna.picture("security-codes", _section(page, "Second factor"))
    await page.get_by_role("button", name="I have kept them").click()
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("list", name="Second factor").get_by_role("listitem")).to_have_count(2)
    await anna.picture("security-factors", _section(page, "Second factor"))

    await page.get_by_role("button", name="Sign out").click()
    await anna.sign_in(PIN)
    await expect(page.get_by_label("Second factor")).to_be_visible()
    await anna.picture("sign-in-second-factor")
    await page.get_by_label("Second factor").fill(authenticator.code())
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    phone = await open_browser("Anna Petrova", Device.PHONE)
    await phone.sign_in(PIN)
    await phone.page.get_by_label("Second factor").fill(codes[0])
    await phone.page.get_by_role("button", name="Sign in").click()
    await phone.sees_chats()
    devices = page.get_by_role("list", name="Devices").get_by_role("listitem")
    await expect(devices.filter(has_text="This device")).to_have_count(1)
    await phone.page.get_by_role("link", name="Profile").click()
    await phone.picture("security-devices", _section(phone.page, "Devices"))
    await devices.filter(has=page.get_by_role("button", name="End")).first.get_by_role("button").click()
    await expect(phone.page.get_by_role("heading", name="Sign in")).to_be_visible()
    # Its token was refused, which Chromium reports: that is how the page learnt that it is signed out. What else it had
    # asked for by then is refused as well, so nothing may come any more when its reports are looked through.
    await phone.page.context.close()
    phone.errors = [error for error in phone.errors if "401" not in error]
