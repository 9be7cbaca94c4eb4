"""The demo's page as a stranger uses it: the TV, the button, the lamp and every plug."""

import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Page, expect

from services.demo.province import ACCOUNT, PASSWORD
from tests.code_picture import GUEST
from tests.e2e.browser import SCREENS, chromium, grey, moving
from tests.e2e.demo import Demo, a_demo
from tests.process.far_end import FarEnd, a_far_end
from tests.process.waiting import PATIENCE_S, until, until_told

pytestmark = pytest.mark.timeout(420)

LONG = PATIENCE_S * 1000
MISSED_MS = LONG + 75_000  # two missed reports of a site that is in a meeting, and a look
COMMUNE = "Xã Ia Kly"
IN_MEETING, POWER_OFF = "Đang họp", "Mất điện"


async def test_an_evening_on_the_page(tmp_path: Path) -> None:
    async with chromium(tmp_path) as browser, a_demo(tmp_path) as demo:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        # The TV's pictures come for ever: the page is never "loaded".
        await page.goto(demo.page, wait_until="commit")
        # On a busy machine the site has started when the meeting has begun already.
        coming = re.compile("Sắp họp|Đang vào họp|Đang họp")
        await expect(page.locator("#phase")).to_have_text(coming, timeout=LONG)
        await _tv_moves(page)
        await _code_leads_to_the_room(page, demo)
        await photograph(page, "demo-upcoming")

        async with a_far_end(tmp_path, demo.room.address) as far:
            await expect(page.locator("#phase")).to_have_text(IN_MEETING, timeout=LONG)
            await moving(page, "#tv", GUEST)
            await _button(page)
            await photograph(page, "demo-in-meeting")
            console = await browser.new_page(viewport={"width": 1280, "height": 800})
            await _log_in(console, demo)
            await _floor(page, console, demo)
            await _camera(page, far)
            await _cable(page, console)
            await _power(page, demo)
            await _ended(page, console, demo)


async def _code_leads_to_the_room(page: Page, demo: Demo) -> None:
    """What a telephone reads from the page."""
    shot = await page.locator("img[src='/room.svg']").screenshot()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))
    assert [code.text for code in found] == [demo.room.page()]


async def _button(page: Page) -> None:
    """A short press by mouse raises the hand, another lowers it; the lamp says so."""
    lamp = page.locator("#lamp-name")
    await expect(lamp).to_have_text("micro tắt", timeout=LONG)
    red = await _lamp(page)
    await page.locator("#button").click(delay=150)
    await expect(lamp).to_have_text("đã giơ tay", timeout=LONG)
    amber = await _lamp(page)
    assert amber != red
    await page.locator("#button").click(delay=150)
    await expect(lamp).to_have_text("micro tắt", timeout=LONG)


async def _log_in(console: Page, demo: Demo) -> None:
    """With what the demo says; the commune is heard of, with its state."""
    await console.goto(demo.console)
    await console.locator("[name=name]").fill(ACCOUNT)
    await console.locator("[name=password]").fill(PASSWORD)
    await console.get_by_role("button", name="Đăng nhập").click()
    await console.goto(f"{demo.console}/sites/ia-kly")
    await expect(console.locator(".mark").first).to_have_class("mark meeting", timeout=LONG)


async def _floor(page: Page, console: Page, demo: Demo) -> None:
    """The chair at the province gives it, who presses the button speaks, the chair takes it."""
    lamp = page.locator("#lamp-name")
    await console.goto(demo.console)
    await console.get_by_role("link", name="Trang chủ tọa").click()
    await page.locator("#button").click(delay=150)
    await expect(console.locator("#hands")).to_contain_text(COMMUNE, timeout=LONG)
    await console.locator("#hands").get_by_role("button").click()
    await until_told("the floor is given", lambda: _fact(page, "microphone", "given"))
    await page.locator("#button").click(delay=150)
    await expect(lamp).to_have_text("đang nói", timeout=LONG)
    await photograph(page, "demo-speaking")
    await photograph(console, "demo-console-floor")
    await console.locator("#take-floor").click()
    await expect(lamp).to_have_text("micro tắt", timeout=LONG)


async def _camera(page: Page, far: FarEnd) -> None:
    """Out: the name card at the far end, C1 on the page; in: pictures that move again."""
    await _sees(far, card=False)
    await _plug(page, "camera")
    await _sees(far, card=True)
    await expect(page.locator("#detail")).to_contain_text("C1", timeout=LONG)
    await photograph(page, "demo-no-camera")
    await _plug(page, "camera")
    await _sees(far, card=False)
    await expect(page.locator("#detail")).not_to_contain_text("C1", timeout=LONG)
    await expect(page.locator("#phase")).to_have_text(IN_MEETING)


async def _cable(page: Page, console: Page) -> None:
    """Out: the TV says what is wrong, the province misses it; in: all is as before by itself."""
    await console.goto(f"{urljoin(console.url, '/')}sites/ia-kly")
    mark = console.locator(".mark").first
    await expect(mark).to_have_class("mark meeting", timeout=LONG)
    await expect(console.locator("main")).to_contain_text("Khởi động lần cuối", timeout=LONG)

    async def measured() -> bool:
        await console.reload()
        return await console.locator("#history", has_text="Mất gói tin").count() == 1

    told = "the line's figures have come into the site's history"
    await until_told(told, measured, within=150.0)
    await _plug(page, "cable")
    await until_told(
        "the TV says that there is no network", lambda: _fact(page, "screen", "no-network")
    )
    await expect(page.locator("#phase")).to_have_text("Đang vào lại", timeout=LONG)
    await expect(page.locator("#detail")).to_contain_text("M1")
    await photograph(page, "demo-no-network")
    await expect(mark).to_have_class("mark silent", timeout=MISSED_MS)
    await photograph(console, "demo-console-silent")
    await _plug(page, "cable")
    await expect(page.locator("#phase")).to_have_text(IN_MEETING, timeout=LONG)
    await expect(mark).to_have_class("mark meeting", timeout=LONG)
    await moving(page, "#tv", GUEST)


async def _power(page: Page, demo: Demo) -> None:
    """Out: everything is dark; in: back in the meeting by itself."""
    await page.locator("#power").click()
    await expect(page.locator("#phase")).to_have_text(POWER_OFF, timeout=LONG)
    await until_told("the TV is dark", lambda: _dark(page))
    await photograph(page, "demo-no-power")
    await page.locator("#power").click()
    await expect(page.locator("#phase")).to_have_text(IN_MEETING, timeout=LONG)
    await moving(page, "#tv", GUEST)


async def _ended(page: Page, console: Page, demo: Demo) -> None:
    """The chair ends it: the site leaves, and no power cut brings it back; then it goes on."""
    await console.goto(demo.console)
    await console.get_by_role("link", name="Trang chủ tọa").click()
    await expect(console.locator("#seats")).to_contain_text(COMMUNE, timeout=LONG)
    await photograph(console, "console-chair")
    await console.locator("#ask-to-end").click()
    await expect(console.locator("main")).to_contain_text("Theo lịch họp đến")
    await photograph(console, "console-end-question")
    await console.get_by_role("link", name="Không kết thúc").click()
    await expect(console.locator("#seats")).to_contain_text(COMMUNE)
    await console.locator("#ask-to-end").click()
    await console.locator("#end").click()
    told = "the TV says who ended it"
    await until_told(told, lambda: _fact(page, "screen", "ended-by-chair"))
    await photograph(page, "demo-ended-by-chair")
    left = "Không còn điểm cầu nào trong cuộc họp"
    await expect(console.locator(".ended")).to_contain_text(left, timeout=LONG)
    await photograph(console, "console-ended")
    await page.locator("#power").click()
    await expect(page.locator("#phase")).to_have_text(POWER_OFF, timeout=LONG)
    await page.locator("#power").click()
    await expect(page.locator("#phase")).to_have_text("Chờ", timeout=LONG)
    await until_told("the console is alone in the room", lambda: _nobody(demo))
    await console.locator("#go-on").click()
    await expect(page.locator("#phase")).to_have_text(IN_MEETING, timeout=LONG)
    await expect(console.locator("#seats")).to_contain_text(COMMUNE, timeout=LONG)


async def _nobody(demo: Demo) -> bool:
    return not await demo.room.numbers(COMMUNE)


async def _plug(page: Page, what: str) -> None:
    await page.locator(f"[data-plug={what}]").click()


async def _sees(far: FarEnd, *, card: bool) -> None:
    """The far end sees the card, which stands, or the camera, which moves."""
    begin = len(far.steps)

    def look() -> bool:
        steps = far.steps[begin:][-8:]
        return len(steps) == 8 and (max(steps) < 0.5 if card else min(steps[-3:]) > 0.5)

    await until(f"card: {card}", look, else_say=lambda: far.steps[-12:])


async def _state(page: Page) -> dict[str, Any]:
    state: dict[str, Any] = await page.evaluate("async () => (await fetch('/state')).json()")
    return state


async def _fact(page: Page, key: str, value: str) -> bool:
    return bool((await _state(page))["facts"].get(key) == value)


async def _lamp(page: Page) -> str:
    colour = "getComputedStyle(document.getElementById('lamp')).backgroundColor"
    return str(await page.evaluate(colour))


async def _tv_moves(page: Page) -> None:
    """The countdown's seconds are seen to go."""
    seen: list[NDArray[np.uint8]] = []

    async def look() -> bool:
        picture = await grey(page, "#tv")
        if picture.std() > 10:
            seen.append(picture)
        return len(seen) > 1 and bool((seen[0] != seen[-1]).any())

    await until_told("the TV shows something that moves", look)


async def _dark(page: Page) -> bool:
    return bool((await grey(page, "#tv")).max() < 16)


async def photograph(page: Page, name: str) -> None:
    """For people to look at, as on a computer and on a telephone; nothing is compared."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=SCREENS / f"{name}-1280.png")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.screenshot(path=SCREENS / f"{name}-390.png", full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 800})
