"""A browser and the site see and hear each other, read where people look and listen."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from services.demo.virtual import VirtualTv
from tests.code_picture import CHAIR, SITE
from tests.code_sound import GUEST_HERTZ, HEARD, QUIET, SITE_HERTZ, loudness, share
from tests.e2e.browser import SCREENS, chromium, heard, join, listen, moving
from tests.process.room import CHAIR_PIN, a_room
from tests.process.site import NAME, SiteProcess, a_site
from tests.process.waiting import until_told
from tests.process.watch import moving_on_tv, sounding_on_tv

pytestmark = pytest.mark.timeout(240)


async def test_browser_and_site_see_and_hear_each_other(tmp_path: Path, tv: VirtualTv) -> None:
    async with (
        a_room(tmp_path) as room,
        chromium(tmp_path) as browser,
        a_site(tmp_path, tv, room.address) as site,
    ):
        page = await join(browser, room.page(chair="1", name="Chủ tọa"), chair_pin=CHAIR_PIN)
        await moving(page, "#picture", SITE)
        await moving_on_tv(tv, CHAIR)
        await sounding_on_tv(tv, GUEST_HERTZ)

        await listen(page)
        await _silent(page)
        await _raise_hand_and_get_the_floor(page, site)
        assert loudness(await heard(page)) < QUIET, "nobody outside switches a microphone on"

        await site.press()
        await site.fact("lamp", "green")
        await _tone(page)
        await _photograph(page)

        await site.press()
        await site.fact("microphone", "given")
        await _silent(page)
        await site.press()
        await _tone(page)

        # N3: a long press gives the floor back, and the chair's page sees it.
        await site.press(2.0)
        await site.fact("microphone", "off")
        await _silent(page)
        await page.locator("#take-floor:disabled").wait_for(timeout=30_000)
        await _raise_hand_and_get_the_floor(page, site)
        await site.press()
        await _tone(page)

        await page.locator("#take-floor").click()
        await site.fact("microphone", "off")
        await site.fact("lamp", "red")
        await _silent(page)
        await moving(page, "#picture", SITE)
        await moving_on_tv(tv, CHAIR)


async def _raise_hand_and_get_the_floor(page: Page, site: SiteProcess) -> None:
    await site.fact("lamp", "red")
    await site.press()
    await site.fact("lamp", "amber")
    raised = page.locator("#hands li", has_text=NAME)
    await raised.wait_for(timeout=30_000)
    await raised.locator("button").click()
    await site.fact("microphone", "given")


async def _tone(page: Page) -> None:
    shares: list[float] = []

    async def look() -> bool:
        shares.append(share(await heard(page), SITE_HERTZ))
        return shares[-1] > HEARD

    await until_told("the site's tone in the browser", look, else_say=lambda: shares[-5:])


async def _silent(page: Page) -> None:
    levels: list[float] = []

    async def look() -> bool:
        levels.append(loudness(await heard(page)))
        return levels[-1] < QUIET

    await until_told("silence in the browser", look, else_say=lambda: levels[-5:])


async def _photograph(page: Page) -> None:
    """For people to look at; nothing is compared."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENS / "room-chair-1280.png")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.screenshot(path=SCREENS / "room-chair-390.png", full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 720})
