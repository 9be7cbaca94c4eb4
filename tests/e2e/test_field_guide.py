"""Somebody who has only the field guide sets up a box: the console's words, the card, the TV.

What is clicked is what the guide quotes (« »), and nothing else; what is laid on the card is what
it says, with the mistakes that people make there. The box is a folder; endpoint, health, province
and broker are the real programs. docs/huong-dan/README.md keeps where people stumbled.
"""

import asyncio
import io
import json
import os
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from appliance.base.texts import text
from appliance.core.screen_texts import WORDS, Screen
from services.demo.virtual import VirtualTv
from services.provisioning.disk import find_in_force
from services.provisioning.first_boot_command import apply
from tests.e2e.box_programs import box_program
from tests.e2e.browser import CHROMIUM, SCREENS
from tests.e2e.console_page import LONG
from tests.process.ports import free_port
from tests.process.waiting import until, until_told
from tests.province.program import Program, a_province

pytestmark = pytest.mark.timeout(480)
WITHIN_S = 150.0
SITE, NAME = "ia-kly", "Xã Ia Kly"
GUIDE = Path(__file__).parents[2] / "docs/huong-dan"
SERIAL = "10000000a1b2c3d4"
FOR_A_LAPTOP = """\
[clock]
trust = "always"

[camera]
source = "lavfi:testsrc2=size=320x180:rate=5"
width = 320
height = 180
fps = 5

[microphone]
source = "lavfi:sine=frequency=440"
"""
"""A real card has none of it: the box's camera and microphone are found by themselves."""


def chapter(number: int) -> str:
    """The text of one chapter of the guide, each paragraph in one line."""
    (page,) = GUIDE.glob(f"{number}-*.md")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", page.read_text())


class Reader:
    """Clicks what the guide quotes, and fails where the guide does not say it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.guide = chapter(6) + chapter(1)

    async def follow(self, words: str) -> None:
        assert f"«{words}»" in self.guide, f"the guide does not tell of {words}"
        await self.page.get_by_role("link", name=_begins(words)).first.click()

    async def press(self, words: str) -> None:
        assert f"«{words}»" in self.guide, f"the guide does not tell of {words}"
        await self.page.get_by_role("button", name=_begins(words)).first.click()


@asynccontextmanager
async def the_it_centre(folder: Path) -> AsyncIterator[tuple[Program, Page]]:
    """A province with one commune, and its console in a browser, logged in."""
    settings = folder / "site-settings.toml"
    settings.write_text(FOR_A_LAPTOP)
    port, broker = free_port(), free_port()
    words = ("--own-certificate", "--url", f"https://127.0.0.1:{port}", "--broker-name",
             "127.0.0.1", "--site-settings", str(settings))  # fmt: skip
    async with (
        a_province(folder, *words, port=port, broker_port=broker) as program,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            page = await browser.new_page(ignore_https_errors=True, locale="vi-VN")
            page.set_default_timeout(LONG)
            expect.set_options(timeout=LONG)
            await page.goto(program.url)
            await page.locator("[name=name]").fill("admin")
            await page.locator("[name=password]").fill(program.password)
            await page.get_by_role("button", name="Đăng nhập").click()
            await page.get_by_role("link", name="Điểm cầu").first.click()
            await page.locator("summary", has_text="Thêm điểm cầu").click()
            await page.locator("[name=name]").fill(NAME)
            await page.locator("[name=id]").fill(SITE)
            await page.locator("[name=place]").fill(f"Gia Lai / {NAME}")
            await page.get_by_role("button", name="Thêm").click()
            await page.goto(program.url)
            yield program, page
        finally:
            await browser.close()


async def files_for_the_card(reader: Reader) -> dict[str, bytes]:
    """Chapter 6: «Điểm cầu», the commune, «Tệp cho thẻ nhớ»; by path within the archive."""
    await reader.follow("Điểm cầu")
    await reader.page.get_by_role("link", name=NAME).first.click()
    async with reader.page.expect_download() as waiting:
        await reader.follow("Tệp cho thẻ nhớ")
    packed = await (await waiting.value).path()
    with zipfile.ZipFile(io.BytesIO(packed.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def started(folder: Path, files: dict[str, bytes]) -> str:
    """What RESULT.txt says once a box has started with `files` on its card."""
    for name in ("boot", "data", "run"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        place = folder / "boot" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    apply(folder / "boot", folder / "data", os.getgid(), SERIAL, run=folder / "run")
    return (folder / "boot/RESULT.txt").read_text("utf-8-sig")


def mistakes(folder: Path, archive: dict[str, bytes]) -> None:
    """The folder copied whole; one file of the two; the name that Notepad gives."""
    guide = chapter(6)
    whole = text("vi")(
        "site.toml lies in the folder {folder}: move the files out of it, to the top.", folder=SITE
    )
    assert f"«{whole}»" in guide
    assert whole in started(folder / "whole-folder", archive)

    settings, authorities = archive[f"{SITE}/site.toml"], archive[f"{SITE}/ca.pem"]
    alone = started(folder / "without-authorities", {"site.toml": settings})
    assert text("vi")("copy ca.pem from the files of the province") in alone
    assert "`ca.pem`" in guide

    notepad = {"site.toml.txt": settings, "ca.pem.txt": authorities}
    assert "ĐÃ NHẬN" in started(folder / "notepad", notepad)
    assert "`site.toml.txt`" in guide


async def button(socket: Path, seconds: float) -> None:
    """A finger on the button for so long."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(json.dumps({"do": "press", "seconds": seconds}).encode() + b"\n")
    await writer.drain()
    assert "error" not in json.loads(await asyncio.wait_for(reader.readline(), 30))
    writer.close()


async def test_who_has_only_the_guide_sets_up_a_box(tmp_path: Path, tv: VirtualTv) -> None:
    async with AsyncExitStack() as stack:
        _program, page = await stack.enter_async_context(the_it_centre(tmp_path))
        reader = Reader(page)
        archive = await files_for_the_card(reader)
        assert sorted(archive) == [f"{SITE}/ca.pem", f"{SITE}/site.toml"]
        mistakes(tmp_path, archive)

        box = tmp_path / "box"
        result = started(box, {name.split("/")[1]: raw for name, raw in archive.items()})
        accepted = text("vi")(
            "ACCEPTED: the settings of {name} ({id}) are in force.", name=NAME, id=SITE
        )
        assert accepted in result
        assert f"«{accepted}»" in chapter(6)
        assert find_in_force(box / "data") is not None
        settings = box / "data/site/site.toml"
        settings.write_text(settings.read_text().replace('"/data/', f'"{box}/data/'))

        socket = box / "simulator.socket"
        await stack.enter_async_context(
            box_program(box, "endpoint", "--simulator", str(socket), **tv.environment)
        )
        await stack.enter_async_context(box_program(box, "health"))

        def facts() -> dict[str, Any]:
            kept = box / "run/endpoint.json"
            told: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
            return told

        def logs() -> str:
            return "\n".join((box / f"{name}.log").read_text()[-2500:]
                             for name in ("endpoint", "health"))  # fmt: skip

        async def tv_shows(screen: Screen) -> None:
            """By the endpoint's facts; photographed for people."""
            await until(f"the TV shows {screen}", lambda: facts().get("screen") == screen.value,
                        within=WITHIN_S, else_say=logs)  # fmt: skip
            await asyncio.sleep(1.0)
            SCREENS.mkdir(parents=True, exist_ok=True)
            Image.fromarray(tv.grab()).save(SCREENS / f"guide-{screen.value}.png")
            headline = text("vi")(WORDS[screen].headline)
            assert screen is Screen.IDLE or f"«{headline}»" in reader.guide

        await tv_shows(Screen.CLAIM)
        code = await until_told("the TV shows a code for telephones", lambda: _link(tv),
                                within=WITHIN_S, else_say=logs)  # fmt: skip

        await reader.follow("Thiết bị")
        claim = await page.locator("h3 code").first.text_content()
        assert claim
        assert claim in code or claim.replace("-", "") in code, "the TV's is the console's"
        await reader.press("Duyệt")
        await tv_shows(Screen.IDLE)
        assert "«Chưa có cuộc họp nào»" in reader.guide

        await button(socket, 2.0)
        await tv_shows(Screen.SELFTEST)
        tested = await until("the self-test is over", lambda: facts().get("self_test"),
                             within=WITHIN_S, else_say=logs)  # fmt: skip
        assert tested == "good", facts()

        await page.goto(page.url.split("/devices")[0])
        ready = page.locator(".tiles .ready")
        await expect(ready).to_contain_text("1")
        await expect(ready).to_contain_text("sẵn sàng")
        await page.screenshot(path=SCREENS / "guide-console-ready.png")


def _begins(words: str) -> re.Pattern[str]:
    """The console has the English beside the Vietnamese."""
    return re.compile(rf"^\s*{words}(?=\s|$)")


async def _link(tv: VirtualTv) -> str:
    found = zxingcpp.read_barcodes(Image.fromarray(tv.grab()))
    return found[0].text if found else ""
