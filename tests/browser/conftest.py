"""Real people in a real Chromium, in front of the real messenger over real databases.

Screenshots go to ``$CYPHR_SCREENSHOTS``, else to the test run's temporary folder.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.person import BrowserPerson, Device
from tests.conftest import TestSide
from tests.e2e.conftest import token_key
from tests.e2e.messenger.conftest import serve, settings_for

__all__ = ["token_key"]

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
# Debian's own build, kept from every thing that it would do on the network by itself.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What a page shows soon on an idle machine may take long on one that runs every other test beside it.
_PATIENCE_MS = 20_000
expect.set_options(timeout=_PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(
                    pytest.mark.skip(reason=f"{CHROMIUM} is not installed (scripts/system-packages does it)")
                )


@pytest.fixture(scope="session")
def web_folder() -> Path:
    """The web client, built if it is not up to date."""
    subprocess.run([sys.executable, ROOT / "scripts" / "web.py", "build"], check=True, stdout=subprocess.DEVNULL)
    return ROOT / "web" / "dist"


@pytest.fixture(scope="session")
def axe_script() -> str:
    """axe-core, which judges accessibility; the web client's npm packages hold it."""
    subprocess.run([sys.executable, ROOT / "scripts" / "web.py", "install"], check=True, stdout=subprocess.DEVNULL)
    return (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = os.environ.get("CYPHR_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def address(supabase: TestSide, token_key: Path, web_folder: Path) -> AsyncIterator[str]:
    """The base URL of a messenger that serves the web client and stands on the Supabase side."""
    async with serve(settings_for(supabase, token_key=token_key, web_folder=web_folder)) as client:
        yield str(client.base_url)


OpenBrowser = Callable[..., Any]


@pytest_asyncio.fixture
async def open_browser(chromium: Browser, address: str) -> AsyncIterator[OpenBrowser]:
    """Gives a browser of its own to a person; in the end none of them may have seen an error."""
    people: list[BrowserPerson] = []

    async def open_one(name: str, device: Device = Device.LAPTOP, **options: Any) -> BrowserPerson:
        context = await chromium.new_context(**{"locale": "en-GB", **device.value, **options})
        context.set_default_timeout(_PATIENCE_MS)
        page: Page = await context.new_page()
        person = BrowserPerson(name, address, page)
        people.append(person)
        await page.goto(address)
        return person

    yield open_one
    for person in people:
        await person.page.context.close()
    assert [error for person in people for error in person.errors] == []
