"""A page of the console in a real browser: nothing from elsewhere, nothing refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, Request

from tests.e2e.browser import SCREENS
from tests.process.waiting import PATIENCE_S
from tests.province.program import Program

LONG = PATIENCE_S * 1000
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@asynccontextmanager
async def a_page(browser: Browser, program: Program) -> AsyncIterator[Page]:
    """A page that asks nobody else for anything, and to which nothing is refused."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="vi-VN")
    hosts: set[str] = set()
    complaints: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("data:"):
            hosts.add(urlsplit(request.url).netloc)

    page.on("request", note)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(program.url)
    yield page
    assert hosts == {urlsplit(program.url).netloc}
    assert [text for text in complaints if "Content Security Policy" in text] == []
    assert [text for text in complaints if "Error" in text] == []


async def photograph(page: Page, name: str) -> None:
    """For people to look at, as on a computer and on a telephone; nothing is compared."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=SCREENS / f"{name}-1280.png", full_page=True)
    await page.set_viewport_size({"width": 390, "height": 844})
    # Nothing stands out sideways on a telephone.
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide), name
    await page.screenshot(path=SCREENS / f"{name}-390.png", full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 800})
