"""Real people in a real Chromium, in front of the real messenger over real databases.

All of them share one server, and each test has people of its own. Screenshots go to ``$CYPHR_SCREENSHOTS``; without it
none are taken.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.person import BrowserPerson, Device
from tests.conftest import Server, TestSide
from tests.e2e.conftest import token_key
from tests.e2e.messenger.conftest import serve, settings_for

__all__ = ["token_key"]

ROOT = Path(__file__).resolve().parents[2]
# Debian's own build. The shell draws the same pages without windows that nobody sees: a third of the work.
_BUILDS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
CHROMIUM = next((build for build in _BUILDS if build.exists()), _BUILDS[-1])
# Kept from every thing that it would do on the network by itself.
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
def screenshots() -> Path | None:
    """Where they are wanted: a screenshot costs a quarter of a second, and most runs look at none."""
    chosen = os.environ.get("CYPHR_SCREENSHOTS")
    if chosen is None:
        return None
    folder = Path(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session")
async def side(supabase_server: Server) -> AsyncIterator[TestSide]:
    """What the messenger stands on that everybody in a browser talks to."""
    async with supabase_server.database(supabase_server.full) as standing:
        yield standing


@pytest_asyncio.fixture(scope="session")
async def address(side: TestSide, token_key: Path, web_folder: Path) -> AsyncIterator[str]:
    """The base URL of a messenger that serves the web client and stands on the Supabase side."""
    async with serve(settings_for(side, token_key=token_key, web_folder=web_folder)) as client:
        yield str(client.base_url)


# The page finds it there when it is opened for the first time; later it has what became of it.
_AT_FIRST = """if (!sessionStorage.getItem("opened")) {
  sessionStorage.setItem("opened", "before");
  localStorage.setItem("cyphr.session", %s);
}"""

OpenBrowser = Callable[..., Any]

_tests = itertools.count(1)


@pytest_asyncio.fixture
async def open_browser(chromium: Browser, address: str, screenshots: Path | None) -> AsyncIterator[OpenBrowser]:
    """Gives a browser of its own to a person; in the end none of them may have seen an error."""
    people: list[BrowserPerson] = []
    test = next(_tests)

    async def open_one(
        name: str, device: Device = Device.LAPTOP, *, signed_in: bool = False, **options: Any
    ) -> BrowserPerson:
        person = BrowserPerson(name, test, address, screenshots)
        # Nothing is animated: it is drawn by the processor.
        asked = {"locale": "en-GB", "reduced_motion": "reduce", **device.value, **options}
        context = await chromium.new_context(**asked)
        context.set_default_timeout(_PATIENCE_MS)
        if signed_in:
            await context.add_init_script(_AT_FIRST % json.dumps(await person.registered()))
        person.sit_down(await context.new_page())
        people.append(person)
        await person.page.goto(address)
        return person

    yield open_one
    for person in people:
        await person.page.context.close()
    assert [error for person in people for error in person.errors] == []


@pytest.fixture
def arrive(open_browser: OpenBrowser) -> OpenBrowser:
    """The same for somebody with an account who is signed in: for tests of what comes after it."""

    async def arrive_one(name: str, device: Device = Device.LAPTOP, **options: Any) -> BrowserPerson:
        person: BrowserPerson = await open_browser(name, device, signed_in=True, **options)
        await person.sees_chats()
        return person

    return arrive_one
