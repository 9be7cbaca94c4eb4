"""What the TV shows of a bring-up: what hands shall do now, and the lines, some at a time."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from appliance.base.texts import text
from appliance.core.message import N_
from services.bringup.check import Outcome
from services.bringup.report import Line

SIZE = (1280, 720)
LINES_A_PAGE = 6
EDGE = 64
"""A twentieth of the picture, which some TVs hide."""
WIDE = SIZE[0] - 2 * EDGE
DO_PX, DO_EN_PX, LINE_PX, HEAD_PX = 50, 30, 40, 30
"""A letter of 40 px is 2 cm on a TV of 40 inches: legible from five metres."""
MAX_DO_LINES = 3
STEP, LEFT = N_("Trying the board out: step {place}"), N_("{seconds} s left")
FRAMES_PERCENT = (0, 2, 5)
FONTS = Path("/usr/share/fonts/truetype/noto")
BLUE, WHITE, YELLOW, GREY = (11, 38, 60), (255, 255, 255), (255, 214, 64), (170, 190, 205)
COLOURS = {
    Outcome.PASS: (96, 214, 120),
    Outcome.FAIL: (255, 110, 96),
    Outcome.HANDS: YELLOW,
}
WORDS = {
    Outcome.PASS: N_("good"),
    Outcome.FAIL: N_("bad"),
    Outcome.HANDS: N_("hands"),
}


def font(pixels: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Noto Sans, which the image has; raises `OSError` without it."""
    return ImageFont.truetype(FONTS / f"NotoSans-{'Bold' if bold else 'Regular'}.ttf", pixels)


def wrapped(words: str, pixels: int, *, bold: bool = False) -> list[str]:
    """`words` in lines that are no wider than the page."""
    kind = font(pixels, bold=bold)
    found = [""]
    for word in words.split():
        longer = f"{found[-1]} {word}".strip()
        if found[-1] and kind.getlength(longer) > WIDE:
            found.append(word)
        else:
            found[-1] = longer
    return found


def page(do: str, place: str, left_s: float, told: Sequence[Line]) -> Image.Image:
    """What to do (message id `do`), in Vietnamese large and in English below, and some lines.

    `place` is "5/21"; `left_s` the seconds until the next step, infinite for none.
    """
    picture = Image.new("RGB", SIZE, BLUE)
    pen = ImageDraw.Draw(picture)
    vi, en = text("vi"), text("en")
    top = 36
    head = vi(STEP, place=place)
    if left_s < float("inf"):
        head += "  ·  " + vi(LEFT, seconds=round(left_s))
    pen.text((EDGE, top), head, GREY, font(HEAD_PX))
    top += 44
    for line in wrapped(vi(do), DO_PX, bold=True)[:MAX_DO_LINES]:
        pen.text((EDGE, top), line, WHITE, font(DO_PX, bold=True))
        top += 62
    for line in wrapped(en(do), DO_EN_PX)[:2]:
        pen.text((EDGE, top), line, GREY, font(DO_EN_PX))
        top += 38
    top = SIZE[1] - 36 - LINES_A_PAGE * 56
    for one in told[:LINES_A_PAGE]:
        colour = COLOURS[one.result.outcome]
        pen.text((EDGE, top), f"{one.check.number:02d}", GREY, font(LINE_PX))
        pen.text((EDGE + 70, top), vi(one.check.name), WHITE, font(LINE_PX))
        word = vi(WORDS[one.result.outcome])
        wide = font(LINE_PX, bold=True).getlength(word)
        pen.text((SIZE[0] - EDGE - wide, top), word, colour, font(LINE_PX, bold=True))
        top += 56
    return picture


def frames(do: str) -> Image.Image:
    """Frames of one pixel at 0, 2 and 5 percent of each side, with their numbers."""
    picture = Image.new("RGB", SIZE, BLUE)
    pen = ImageDraw.Draw(picture)
    for percent in FRAMES_PERCENT:
        x, y = SIZE[0] * percent // 100, SIZE[1] * percent // 100
        pen.rectangle((x, y, SIZE[0] - 1 - x, SIZE[1] - 1 - y), outline=YELLOW)
    for number, percent in enumerate(FRAMES_PERCENT):
        # A bar from the edge to its frame, so that its length is seen where the frame is cut off.
        y = 120 + 56 * number
        inner = SIZE[0] * percent // 100
        pen.line((0, y, max(inner, 1), y), YELLOW)
        pen.text((EDGE + 20, y - 26), f"{percent} %", YELLOW, font(LINE_PX))
    top = 340
    for words, pixels in ((text("vi")(do), DO_PX), (text("en")(do), DO_EN_PX)):
        for line in wrapped(words, pixels)[:MAX_DO_LINES]:
            pen.text((EDGE + 20, top), line, WHITE, font(pixels))
            top += pixels + 14
    return picture
