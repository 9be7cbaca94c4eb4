"""A real Chromium with a false camera and microphone, and the ways to see what it sees."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, async_playwright

from tests.code_picture import CHAIR, Code, read, write_recording
from tests.code_sound import GUEST_HERTZ, RATE, write_beeps
from tests.process.waiting import until_told
from tests.process.watch import MOVING

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-quic --use-fake-ui-for-media-stream "
    "--use-fake-device-for-media-stream --autoplay-policy=no-user-gesture-required"
)
SMALL = (320, 180)
SCREENS = Path(__file__).parents[2] / "build/screens"

PIXELS = """([selector, width, height]) => {
  const seen = document.querySelector(selector);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(seen, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let grey = "";
  for (let at = 1; at < data.length; at += 4) grey += String.fromCharCode(data[at]);
  return btoa(grey);
}"""

# An analyser hears what the page's own <audio> elements are given; its newest samples are read.
LISTEN = """async () => {
  const context = window.ear ??= new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const sum = context.createAnalyser();
  sum.fftSize = 32768;
  for (const sound of document.querySelectorAll("#sounds audio"))
    context.createMediaStreamSource(sound.srcObject).connect(sum);
  window.heard = sum;
}"""
SAMPLES = """() => {
  const samples = new Float32Array(window.heard.fftSize);
  window.heard.getFloatTimeDomainData(samples);
  let raw = "";
  for (const byte of new Uint8Array(Int16Array.from(samples, (s) => s * 32767).buffer))
    raw += String.fromCharCode(byte);
  return btoa(raw);
}"""
EAR_S = 32768 / RATE


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """A browser whose camera sends the chair's numbered pictures and whose microphone beeps."""
    camera = write_recording(folder / "chromium.y4m", CHAIR, frames=60)
    microphone = write_beeps(folder / "chromium.wav", GUEST_HERTZ)
    arguments = [
        *ARGUMENTS.split(),
        f"--use-file-for-fake-video-capture={camera}",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    async with async_playwright() as playwright:
        # Playwright brings its own switches for headless; the new mode is the whole browser.
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=arguments, headless=True
        )
        try:
            yield browser
        finally:
            await browser.close()


async def join(browser: Browser, address: str, *, chair_pin: str = "") -> Page:
    """Open the room's page and go through its door; with a PIN through the chair's."""
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    await page.goto(address)
    await page.locator("html[data-ready]").wait_for()
    if chair_pin:
        await page.locator("#chair-pin").fill(chair_pin)
    await page.locator("#join").click()
    await page.locator("#meeting").wait_for(state="visible", timeout=30_000)
    return page


async def grey(page: Page, selector: str, size: tuple[int, int] = SMALL) -> NDArray[np.uint8]:
    """(rows, columns) of a video or picture on the page as it is now."""
    raw = base64.b64decode(await page.evaluate(PIXELS, [selector, *size]))
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0])


async def moving(page: Page, selector: str, who: int) -> list[Code]:
    """Wait for different codes of that sender in a video or picture on the page."""
    seen: list[Code] = []

    async def look() -> bool:
        code = read(await grey(page, selector))
        if code is not None and code.who == who and code not in seen[-1:]:
            seen.append(code)
        return len(seen) >= MOVING

    await until_told(f"a moving picture of {who} in {selector}", look, else_say=lambda: seen)
    return seen


async def listen(page: Page) -> None:
    """Put an ear to all sound that the page is given now."""
    await page.evaluate(LISTEN)


async def heard(page: Page) -> NDArray[np.int16]:
    """The newest `EAR_S` seconds of what the page is given, s16 mono 48 kHz."""
    return np.frombuffer(base64.b64decode(await page.evaluate(SAMPLES)), "<i2")
