"""Draws what the TV shows where the endpoint is not: it starts, it has died, it has no settings."""

import sys
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from appliance.base.texts import LOCALES
from appliance.core.rescue import Rescue
from appliance.core.scenes import rescued, starting
from services.endpoint.screen import draw
from services.endpoint.screen.renderer import SceneRenderer
from services.endpoint.start_page import PRODUCT, StartPage

SIZE = (1280, 720)
START_SIZES = ((640, 360), SIZE, (1920, 1080))
"""Of the canvas (`[tv]` in the settings). For another the first start waits until it is drawn."""
UNCONFIGURED = (
    (40, "Chưa có cài đặt, hoặc cài đặt có lỗi."),
    (32, "Rút điện, lắp thẻ nhớ vào máy tính và mở RESULT.txt."),
    (26, "No settings, or settings with faults. Pull the power,"),
    (26, "put the card into a PC and open RESULT.txt."),
)
FONT = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"


def unconfigured(picture: Image.Image) -> Image.Image:
    """The picture with what to do in the place of its lower half."""
    told = picture.copy()
    pen = ImageDraw.Draw(told)
    pen.rectangle((0, 470, SIZE[0], SIZE[1]), fill=(11, 38, 60))
    top = 486
    for height, line in UNCONFIGURED:
        font = ImageFont.truetype(FONT, height)
        pen.text(((SIZE[0] - pen.textlength(line, font)) / 2, top), line, "white", font)
        top += round(height * 1.5)
    return told


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    # What needs no Python on a box that cannot start; its own page takes this one's place.
    general = draw(rescued(PRODUCT, Rescue()), SIZE, "vi").image.convert("RGB")
    general.save(folder / "rescue.ppm", "PPM")
    plain = draw(starting(PRODUCT), SIZE, "vi").image.convert("RGB")
    plain.save(folder / "background.ppm", "PPM")
    unconfigured(plain).save(folder / "unconfigured.ppm", "PPM")
    # The same as the endpoint's first picture, until it has drawn its own.
    for locale, size in product(LOCALES, START_SIZES):
        page = StartPage(PRODUCT, locale, size)
        picture = SceneRenderer(size, locale, lambda: None).draw_scene(starting(PRODUCT)).tobytes()
        (folder / page.shipped_as).write_bytes(page.pack(picture))
