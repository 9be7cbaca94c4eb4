"""The console in a real browser, with a real site in a real room: an evening at the province."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from services.demo.virtual import VirtualTv
from services.province.storage.database import Database
from services.province.storage.reports import Report, record_report
from services.province.storage.tables import Site
from tests.e2e.browser import chromium, join
from tests.e2e.console_page import LONG, ZONE, a_page, photograph
from tests.process.room import CHAIR_PIN, Room, a_room
from tests.process.site import NAME, SiteProcess, a_site_of
from tests.province.program import Program, a_province
from tests.province.recorded_history import report_for_days

pytestmark = pytest.mark.timeout(300)

COMMUNES = "Tên,Đơn vị\n" + "".join(
    f"{name},Gia Lai / {district} / {name}\n"
    for district, names in {
        "Chư Prông": ("Xã Ia Kly", "Xã Ia Me", "Xã Ia Ga"),
        "Ia Grai": ("Xã Ia O", "Xã Ia Chía", "Thị trấn Ia Kha"),
        "Đak Đoa": ("Xã Hà Bầu", "Xã Kon Gang"),
    }.items()
    for name in names
)
NO_CAMERA = {
    "key": "camera-missing", "code": "C1", "severity": 2, "since": 0.0, "detail": "/dev/video0",
    "text": {"vi": "Không thấy máy quay", "en": "No camera"},
    "remedy": {"vi": "Cắm lại dây máy quay", "en": "Plug the camera in again"},
}  # fmt: skip


@pytest.mark.case("U5")
async def test_an_evening_at_the_console(tmp_path: Path, tv: VirtualTv) -> None:
    async with (
        a_room(tmp_path) as room,
        a_province(tmp_path, "--name", "Gia Lai") as program,
        chromium(tmp_path) as browser,
        a_page(browser, program) as page,
    ):
        await _log_in(page, program)
        await _sites(page, tmp_path)
        await _meeting(page, room)
        await _ready(page, program)
        await _history(page, program)
        await page.goto(f"{program.url}/sites/ia-kly")
        await page.locator(".feed summary").click()
        feed = await page.locator("code.long").inner_text()
        (tmp_path / "site").mkdir()
        async with a_site_of(tmp_path / "site", tv, feed) as site:
            await site.fact("phase", "in-meeting", "in meeting")
            await _floor(page, program, site, room)
        await _afterwards(page)


async def _log_in(page: Page, program: Program) -> None:
    await photograph(page, "console-login")
    await page.locator("[name=name]").fill("admin")
    await page.locator("[name=password]").fill(program.password)
    await page.get_by_role("button", name="Đăng nhập").click()
    await expect(page.locator("h1")).to_contain_text("Không có cuộc họp trong tuần tới")


async def _sites(page: Page, folder: Path) -> None:
    """The IT centre's sheet makes them."""
    sheet = folder / "communes.csv"
    sheet.write_text(COMMUNES)
    await page.get_by_role("link", name="Điểm cầu").first.click()
    await page.get_by_role("link", name="Nhập bảng điểm cầu").click()
    await page.locator("[name=file]").set_input_files(sheet)
    await page.locator("main").get_by_role("button", name="Nhập").click()
    await expect(page.get_by_role("status")).to_contain_text("8 mới")
    await photograph(page, "console-import")


async def _meeting(page: Page, room: Room) -> None:
    """Entered for now."""
    await page.get_by_role("link", name="Cuộc họp").first.click()
    await page.get_by_role("link", name="Nhập cuộc họp").click()
    await page.locator("[name=title]").fill("Giao ban trực tuyến toàn tỉnh")
    begin = datetime.fromtimestamp(time.time() - 60, ZONE)
    await page.locator("[name=begin]").fill(f"{begin:%Y-%m-%dT%H:%M}")
    await page.locator("[name=address]").fill(room.address)
    await page.locator("[name=chair]").fill("Chủ tịch UBND tỉnh")
    await page.locator("[name=chair_pin]").fill(CHAIR_PIN)
    await photograph(page, "console-meeting-form")
    await page.get_by_role("button", name="Lưu").click()
    await expect(page.locator("h1")).to_contain_text("Giao ban trực tuyến toàn tỉnh")
    await photograph(page, "console-meeting")


async def _ready(page: Page, program: Program) -> None:
    """The first page lives: a report is seen without a click."""
    await page.goto(program.url)
    never = page.locator(".tiles .never b")
    await expect(never).to_have_text("8")
    database = Database(f"sqlite:///{program.data / 'province.db'}")
    now = time.time() + 600.0  # so that they do not grow old on a slow machine
    with database.writing() as session:
        for site in ("ia-me", "ia-ga", "ia-o", "ha-bau"):
            record_report(session, site, Report(now, "b1", 1, {"alarms": []}), now)
        alarms = {"alarms": [NO_CAMERA], "figures": {"soc_c": 61.5}, "facts": {"slot": "A"}}
        record_report(session, "kon-gang", Report(now, "b1", 1, alarms), now)
    database.close()
    await expect(never).to_have_text("3", timeout=LONG)
    # The meeting is on, and of these four nobody is in it.
    await expect(page.locator(".tiles .late b")).to_have_text("4")
    await expect(page.locator(".tiles .help b")).to_have_text("1")
    await expect(page.locator(".cards")).to_contain_text("Cắm lại dây máy quay")
    await photograph(page, "console-home")
    await page.get_by_role("link", name="Xã Kon Gang").click()
    await photograph(page, "console-site")


async def _history(page: Page, program: Program) -> None:
    """A site's past as charts, and everybody's alarms; the alarms live."""
    database = Database(f"sqlite:///{program.data / 'province.db'}")
    with database.writing() as session:
        site = session.get(Site, "ia-chia")
        assert site is not None
        site.created_at -= 20 * 86_400.0
    report_for_days(database, "ia-chia", time.time())
    await page.goto(f"{program.url}/sites/ia-chia")
    await expect(page.locator("#history svg")).to_have_count(4)
    await expect(page.locator("#history figcaption").first).to_contain_text("Liên lạc được")
    await photograph(page, "console-history-day")
    await page.get_by_role("link", name="7 ngày").click()
    await photograph(page, "console-history-week")
    await page.emulate_media(color_scheme="dark")
    await photograph(page, "console-history-night")
    await page.emulate_media(color_scheme="light")
    await page.get_by_role("link", name="90 ngày").click()
    await expect(page.locator(".spans a[aria-current]")).to_contain_text("90 ngày")
    await photograph(page, "console-history-quarter")
    await page.get_by_role("link", name="Cảnh báo").click()
    await expect(page.locator(".cards")).to_contain_text("Cắm lại dây máy quay")
    await expect(page.locator(".past")).to_contain_text("Thiết bị quá nóng")
    await photograph(page, "console-alarms")
    now = time.time() + 660.0
    with database.writing() as session:
        record_report(session, "kon-gang", Report(now, "b1", 2, {"alarms": []}), now)
    database.close()
    await expect(page.locator(".cards")).not_to_contain_text("Cắm lại dây máy quay", timeout=LONG)
    await page.locator("select[name=place]").select_option(label="Ia Grai")
    await page.get_by_role("button", name="Hiện").click()
    await expect(page.locator(".cards").get_by_role("link")).to_have_count(1)
    await expect(page.locator(".past")).to_contain_text("Xã Ia Chía")
    await photograph(page, "console-alarms-branch")


async def _floor(page: Page, program: Program, site: SiteProcess, room: Room) -> None:
    """The chair's page: in, hand, floor, microphone by the site's own hand, cable out and in."""
    await page.goto(program.url)
    await page.get_by_role("link", name="Trang chủ tọa").click()
    seats, missing = page.locator("#seats"), page.locator("#missing")
    await expect(seats).to_contain_text(NAME, timeout=LONG)
    await site.fact("lamp", "red")
    await site.press()
    await site.fact("lamp", "amber")
    await expect(page.locator("#hands")).to_contain_text(NAME, timeout=LONG)
    await photograph(page, "console-hand")
    await page.locator("#hands").get_by_role("button").click()
    await expect(page.locator(".floor-now")).to_contain_text("mọi người đã thấy", timeout=LONG)
    await site.fact("microphone", "given")
    await site.press()
    await site.fact("lamp", "green")
    await expect(seats).to_contain_text("micro bật", timeout=LONG)
    await photograph(page, "console-floor")
    await page.locator("#take-floor").click()
    await site.fact("lamp", "red")
    await expect(page.locator(".floor-now")).to_contain_text("Chưa ai được mời")

    # Somebody types the commune's name at the room's page: a guest, and marked as one.
    browser = page.context.browser
    assert browser is not None
    guest = await join(browser, room.page(name=NAME))
    namesake = seats.locator("li", has=page.locator(".unproved"))
    await expect(namesake).to_contain_text(NAME, timeout=LONG)
    await expect(seats.locator("li", has_text=NAME)).to_have_count(2)
    await photograph(page, "console-unproved")
    await guest.locator("#leave").click()
    await guest.close()
    await expect(seats.locator(".unproved")).to_have_count(0, timeout=LONG)

    await expect(missing).not_to_contain_text(NAME)
    assert await site.simulator(do="plug", what="cable", **{"in": False}) is not None
    await expect(missing).to_contain_text(NAME, timeout=LONG)
    assert await site.simulator(do="plug", what="cable", **{"in": True}) is not None
    await expect(seats).to_contain_text(NAME, timeout=LONG)


async def _afterwards(page: Page) -> None:
    """Attendance, accounts, the audit log."""
    await page.get_by_role("link", name="Điểm danh").click()
    row = page.locator("tr", has_text=NAME)
    # Whether the cable was out for long enough to be an outage is the machine's affair here.
    await expect(row.locator("td").nth(6)).to_have_text("1")  # the hand
    await photograph(page, "console-attendance")
    await page.get_by_role("link", name="Tài khoản").click()
    await photograph(page, "console-accounts")
    await page.get_by_role("link", name="Nhật ký").click()
    await expect(page.locator(".audit")).to_contain_text("floor given")
    await photograph(page, "console-audit")
