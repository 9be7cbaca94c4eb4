"""The list of codes is one sheet of A4, as a browser prints it."""

import re
from pathlib import Path

from playwright.async_api import async_playwright

from appliance.base.texts import text
from services.endpoint.tools.codes_command import sheet
from tests.e2e.browser import CHROMIUM


async def test_the_codes_are_one_sheet(tmp_path: Path) -> None:
    page_file = tmp_path / "codes.html"
    for locale in ("vi", "en"):
        page_file.write_text(sheet(text(locale)), "utf-8")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM)
            try:
                page = await browser.new_page()
                await page.goto(page_file.as_uri())
                printed = await page.pdf(prefer_css_page_size=True)
            finally:
                await browser.close()
        assert len(re.findall(rb"/Type /Page\b", printed)) == 1, locale
