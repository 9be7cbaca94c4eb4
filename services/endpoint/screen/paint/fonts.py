"""The one type family of the TV: Noto Sans, which has every Vietnamese letter."""

import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageFont

FOLDERS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/noto"))

CAPITAL = 0.714
"""Height of a capital letter, in parts of the font's size."""
ASCENT = 1.1
"""Room above the base line: Ễ and Ẵ, the highest letters, reach 1.06, and hinting adds a pixel."""
DESCENT = 0.27
"""Room below the base line: ặ, ọ and g."""
PITCH = 1.32
"""From base line to base line: Ễ below ặ touches nothing."""
_OVERHANG = 0.06
MIN_CAPITAL_SHARE = 1 / 30
"""No capital letter is lower than this part of the picture: it can be read from five metres."""


class FontMissingError(Exception):
    """A font file of the system is not there; says which, and which package brings it."""


class Weight(StrEnum):
    """The two weights in use."""

    REGULAR = "NotoSans-Regular.ttf"
    BOLD = "NotoSans-Bold.ttf"


def min_px(height: int) -> int:
    """The smallest font size allowed on a picture of this height."""
    return -int(-height * MIN_CAPITAL_SHARE // CAPITAL)


@cache
def _path(weight: Weight) -> Path:
    for folder in FOLDERS:
        if (folder / weight.value).is_file():
            return folder / weight.value
    raise FontMissingError(
        f"{weight.value} is not in {' or '.join(str(f) for f in FOLDERS)}: "
        "install the package fonts-noto-core"
    )


@lru_cache(maxsize=128)
def font(weight: Weight, px: int) -> ImageFont.FreeTypeFont:
    """Raises `FontMissingError`."""
    return ImageFont.truetype(str(_path(weight)), px)


@lru_cache(maxsize=4096)
def has_glyph(character: str, weight: Weight = Weight.REGULAR) -> bool:
    """Whether the font draws this character and not the box that stands for a missing one."""
    face = font(weight, 32)
    if character.isspace():
        return True
    return bytes(face.getmask(character)) != bytes(face.getmask("\U0010fffe"))


def plain(text: str) -> str:
    """`text` as it can be drawn: composed, on one line, without what the font does not have."""
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    return " ".join("".join(c for c in composed if has_glyph(c)).split())


@lru_cache(maxsize=4096)
def width(text: str, weight: Weight, px: int) -> int:
    """How wide `text` is at most, in whole pixels.

    From the advances, which cost a tenth of measuring the ink, and room for what the first and the
    last letter overhang.
    """
    return int(font(weight, px).getlength(text) + px * _OVERHANG + 1)


@lru_cache(maxsize=384)
def mask(text: str, weight: Weight, px: int) -> tuple[Image.Image, int, int]:
    """The ink of `text`, and where it stands from the base line's left end (x, y)."""
    core, (left, top) = font(weight, px).getmask2(text, mode="L", anchor="ls")
    across, down = core.size
    ink = Image.new("L", (max(1, across), max(1, down)))
    if across and down:
        ink.im.paste(core, (0, 0, across, down))
    return ink, left, top
