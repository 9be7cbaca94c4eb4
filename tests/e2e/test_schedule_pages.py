"""Groups, one meeting of a series, the own password, labels: in a real browser, and on paper."""

import io
import re
import time
from datetime import datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.browser import CHROMIUM
from tests.e2e.console_page import LONG, ZONE, a_page, photograph
from tests.province.program import Program, a_province

NEW = "mật khẩu mới 2026"
COMMUNES = "Tên,Đơn vị\n" + "".join(
    f"{name},Gia Lai / {name}\n"
    for name in (
        "Xã Ia Kly", "Xã Ia O", "Xã Ia Chía", "Xã Ia Dom", "Xã Ia Nan", "Xã Ia Pnôn",
        "Xã Ia Mơ", "Xã Ia Púch", "Phường Pleiku", "Ủy ban nhân dân phường Nguyễn Nghiêm Đức Phổ",
    )
)  # fmt: skip


@pytest.mark.timeout(600)
async def test_the_schedule_is_kept_in_a_browser(tmp_path: Path) -> None:
    async with (
        a_province(
            tmp_path, "--name", "Gia Lai", "--calendar-host", "lich.gialai.gov.vn"
        ) as program,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            async with a_page(browser, program) as page:
                page.set_default_timeout(LONG)
                expect.set_options(timeout=LONG)
                await _log_in(page, program.password)
                await _sites(page, tmp_path)
                await _group(page)
                await _series(page)
                await _labels(page, program)
                await page.goto(f"{program.url}/import/calendar")
                await photograph(page, "console-import-calendar")
                await _password(page, browser, program)
        finally:
            await browser.close()


async def _log_in(page: Page, password: str) -> None:
    await page.locator("[name=name]").fill("admin")
    await page.locator("[name=password]").fill(password)
    await page.get_by_role("button", name="Đăng nhập").click()


async def _sites(page: Page, folder: Path) -> None:
    sheet = folder / "communes.csv"
    sheet.write_text(COMMUNES)
    await page.get_by_role("link", name="Điểm cầu").first.click()
    await page.get_by_role("link", name="Nhập bảng điểm cầu").click()
    await page.locator("[name=file]").set_input_files(sheet)
    await page.locator("main").get_by_role("button", name="Nhập").click()
    await expect(page.get_by_role("status")).to_contain_text("10 mới")


async def _group(page: Page) -> None:
    """Ticked together from the tree."""
    await page.get_by_role("link", name="Điểm cầu").first.click()
    await page.get_by_role("link", name="Nhóm điểm cầu").click()
    await page.get_by_role("link", name="Lập nhóm").click()
    await page.locator("[name=name]").fill("Các xã biên giới")
    for site in ("ia-o", "ia-chia", "ia-dom", "ia-nan", "ia-pnon", "ia-mo", "ia-puch"):
        await page.locator(f"[name=site][value={site}]").check()
    await page.evaluate("scrollTo(0, 0)")
    await photograph(page, "console-group")
    await page.get_by_role("button", name="Lưu").click()
    await expect(page.locator(".rows li")).to_contain_text("7 điểm cầu")
    await photograph(page, "console-groups")


async def _series(page: Page) -> None:
    """Every day for the group; tomorrow's is moved, the one after it is off."""
    await page.get_by_role("link", name="Cuộc họp").first.click()
    await page.get_by_role("link", name="Nhập cuộc họp").first.click()
    await page.locator("[name=title]").fill("Giao ban biên giới")
    # An hour that has come and gone nowhere near midnight, whenever the test runs.
    begin = datetime.fromtimestamp(time.time() + 86_400, ZONE).replace(hour=8, minute=0)
    await page.locator("[name=begin]").fill(f"{begin:%Y-%m-%dT%H:%M}")
    await page.locator("[name=repeat]").select_option("FREQ=DAILY")
    for box in await page.locator("[name=place]:checked").all():
        await box.uncheck()
    await page.locator("[name=group]").check()
    await page.get_by_role("button", name="Lưu").click()
    await expect(page.locator(".figures")).to_contain_text("Các xã biên giới")
    held = page.locator("ul.rows").last.locator("li")
    await held.nth(0).get_by_role("link", name="Sửa hoặc hủy").click()
    await page.locator("[name=begin]").fill(f"{begin:%Y-%m-%d}T14:30")
    await photograph(page, "console-occurrence")
    await page.get_by_role("button", name="Sửa buổi này").click()
    await expect(held.nth(0)).to_contain_text("14:30–16:00")
    await expect(held.nth(0)).to_contain_text("dời từ 08:00")
    await held.nth(1).get_by_role("link", name="Sửa hoặc hủy").click()
    await page.get_by_role("button", name="Hủy buổi này").click()
    await expect(page.get_by_role("button", name="Vẫn họp")).to_be_visible()
    await photograph(page, "console-series")
    await page.get_by_role("button", name="Vẫn họp").click()
    await expect(page.get_by_role("button", name="Vẫn họp")).to_have_count(0)


async def _labels(page: Page, program: Program) -> None:
    """Ten labels are two sheets of A4, and a telephone reads the code on each."""
    await page.get_by_role("link", name="Điểm cầu").first.click()
    await page.get_by_role("link", name="Nhãn để in").click()
    await photograph(page, "console-labels")
    shot = await page.locator(".label", has_text="Xã Ia Kly").screenshot()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))
    assert [code.text for code in found] == [f"{program.url}/sites/ia-kly"]
    paper = await page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]", paper)
    assert len(sizes) == 2, "two sheets and no empty one"
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(595, 842)}
    await page.emulate_media(media="print")
    await page.locator(".sheet").first.screenshot(path=_shot("console-labels-paper"))
    await page.emulate_media(media="screen")


def _shot(name: str) -> Path:
    return Path(__file__).parents[2] / f"build/screens/{name}.png"


async def _password(page: Page, browser: Browser, program: Program) -> None:
    """The own one, with the old one; the session at the other desk has ended."""
    other = await browser.new_page()
    other.set_default_timeout(LONG)
    await other.goto(program.url)
    await _log_in(other, program.password)
    await expect(other.locator("nav")).to_be_visible()
    await page.get_by_role("link", name="admin").click()
    await page.locator("[name=old]").fill(program.password)
    await page.locator("[name=password]").fill(NEW)
    await page.locator("[name=again]").fill(NEW)
    await page.get_by_role("button", name="Đổi mật khẩu").click()
    await expect(page.get_by_role("status")).to_contain_text("đã được đổi")
    await photograph(page, "console-account")
    await other.reload()
    await expect(other.get_by_role("button", name="Đăng nhập")).to_be_visible()
