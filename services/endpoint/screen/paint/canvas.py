"""Draws on one picture and keeps a list of what was drawn where, which the tests read."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from services.endpoint.screen.paint import icons
from services.endpoint.screen.paint.fit import Fitted, block_height, fit
from services.endpoint.screen.paint.fonts import ASCENT, CAPITAL, PITCH, Weight, mask, min_px
from services.endpoint.screen.paint.geometry import Box, Grid
from services.endpoint.screen.paint.look import WHITE, Colour

_SMOOTH = 4
QUIET = 4
"""Modules of white around a QR code."""
MIN_MODULE_PX = 2
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing on the picture: a line of text or an icon."""

    kind: str  # "text", "icon" or "code"
    what: str  # the line, the icon's name, or what the code says
    ink: Box  # the pixels that it touches
    region: Box  # where it has to stay
    capital: float = 0.0  # the height of its capital letters, in pixels
    whole: bool = True  # False: an ellipsis stands for the rest of the text


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; `size` in units of 1/720 of the height."""

    size: float
    weight: Weight = Weight.REGULAR
    colour: Colour = WHITE
    align: float = 0.0  # 0 left, 0.5 centre, 1 right
    rise: float = 0.0  # 0 at the top of its region, 0.5 in the middle, 1 at the bottom
    lines: int = 1


class Canvas:
    """A picture under work; `at` is its own place on the TV, where it is only a part of it."""

    def __init__(self, grid: Grid, image: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        self.grid = grid
        self.image = image
        self.drawn: list[Drawn] = []
        self._at = at

    @property
    def whole(self) -> Box:
        """All of this picture."""
        return Box(0, 0, self.image.width, self.image.height)

    def panel(self, box: Box, colour: Colour, *, opacity: float = 1.0, radius: float = 0.0) -> None:
        """A filled box with round corners; `radius` in units."""
        shape = _panel(box.width, box.height, self.grid.px(radius), opacity)
        self.image.paste(colour, (box.x, box.y), shape)

    def plate(self, colour: Colour, *, opacity: float, radius: float) -> None:
        """The ground of a clear RGBA picture: `colour`, so opaque, round at the corners."""
        whole = self.whole
        shape = _panel(whole.width, whole.height, self.grid.px(radius), 1.0)
        self.image.paste((*colour, round(255 * opacity)), (0, 0), shape)

    def icon(self, name: str, box: Box, colour: Colour = WHITE) -> None:
        """A square icon in the middle of `box`."""
        side = min(box.width, box.height)
        x, y = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
        self.image.paste(colour, (x, y), icons.icon(name, side))
        ink = Box(x, y, side, side).moved(*self._at)
        self.drawn.append(Drawn("icon", name, ink, box.moved(*self._at)))

    def code(self, text: str, box: Box) -> None:
        """A QR code (ISO/IEC 18004) as large as whole pixels allow at the right of `box`.

        Dark on white, and the white border belongs to it: without one a telephone finds no code.
        One that would be too fine to be read is left out.
        """
        import segno  # noqa: PLC0415 - loads an HTTP client with it, and few pages have a code

        matrix = segno.make(text, micro=False, error="m").matrix
        modules = np.pad(np.array([list(row) for row in matrix], dtype=bool), QUIET)
        scale = min(box.width, box.height) // len(modules)
        if scale < MIN_MODULE_PX:
            return
        dark = np.kron(modules, np.ones((scale, scale), dtype=bool))
        side = len(dark)
        x, y = box.right - side, box.y + (box.height - side) // 2
        self.image.paste(Image.fromarray(np.where(dark, 0, 255).astype(np.uint8)), (x, y))
        ink = Box(x, y, side, side).moved(*self._at)
        self.drawn.append(Drawn("code", text, ink, box.moved(*self._at)))

    def fitted(self, text: str, style: Style, across: int, height: int | None = None) -> Fitted:
        """How `text` would be set in `across` pixels, and in `height` where that is bounded."""
        smallest, px = min_px(self.grid.height), self.grid.px(style.size)
        set_text = fit(text, style.weight, max(px, smallest), smallest, across, style.lines)
        while height is not None and set_text.height > height and set_text.px > smallest:
            px = max(smallest, set_text.px - max(1, set_text.px // 24))
            set_text = fit(text, style.weight, px, smallest, across, style.lines)
        lines = style.lines
        while height is not None and set_text.height > height and lines > 1:
            lines -= 1
            set_text = fit(text, style.weight, smallest, smallest, across, lines)
        return set_text

    def text(self, text: str, region: Box, style: Style) -> Box:
        """Set `text` inside `region`, smaller or shortened where it must be; the block it takes."""
        found = self.fitted(text, style, region.width, region.height)
        top = region.y + round((region.height - found.height) * style.rise)
        left, right = region.right, region.x
        for number, line in enumerate(found.lines):
            ink, dx, dy = mask(line, style.weight, found.px)
            x = region.x - min(0, dx) + round((region.width - ink.width - abs(dx)) * style.align)
            base = top + int((ASCENT + PITCH * number) * found.px)
            self.image.paste(style.colour, (x + dx, base + dy), ink)
            box = Box(x + dx, base + dy, ink.width, ink.height)
            left, right = min(left, box.x), max(right, box.right)
            self.drawn.append(
                Drawn(
                    "text",
                    line,
                    box.moved(*self._at),
                    region.moved(*self._at),
                    CAPITAL * found.px,
                    found.whole,
                )
            )
        return Box(min(left, right), top, max(0, right - left), found.height)

    def line_height(self, size: float, lines: int = 1) -> int:
        """The room for lines of `size` units."""
        return block_height(lines, max(self.grid.px(size), min_px(self.grid.height)))


@lru_cache(maxsize=128)
def _panel(width: int, height: int, radius: int, opacity: float) -> Image.Image:
    """The mask of a box; only its corners need smoothing, so only they are drawn large."""
    level = round(255 * opacity)
    shape = Image.new("L", (width, height), level)
    radius = min(radius, width // 2, height // 2)
    if radius <= 0:
        return shape
    large = Image.new("L", (2 * radius * _SMOOTH,) * 2)
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=level)
    disc = large.reduce(_SMOOTH)
    for x, y, left, top in (
        (0, 0, 0, 0),
        (width - radius, 0, radius, 0),
        (0, height - radius, 0, radius),
        (width - radius, height - radius, radius, radius),
    ):
        shape.paste(disc.crop((left, top, left + radius, top + radius)), (x, y))
    return shape
