"""The page by which the picture is fitted to a TV that cuts its edges off: frames and rulers.

The frame of no margin is one pixel wide and lies on the picture's own edge; what of it is not seen
is what this TV cuts off.
"""

from appliance.base.config import MAX_MARGIN
from appliance.core.scenes import Scene
from services.endpoint.screen.languages import Languages
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import AMBER, MUTED, WHITE, Colour

_LABEL = Style(38, Weight.BOLD, MUTED, 0.5, 0.5)
_CHOSEN = Style(38, Weight.BOLD, AMBER, 0.5, 0.5)


def margins(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """A frame for each margin, numbered on all four sides; the one in force is thick and yellow."""
    whole, px = canvas.whole, canvas.grid.px
    others = [percent for percent in range(MAX_MARGIN + 1) if percent != scene.margin]
    for percent in (*others, scene.margin):  # the one in force over all others
        chosen = percent == scene.margin
        colour = AMBER if chosen else MUTED if percent else WHITE
        frame = _frame(whole, percent)
        _outline(canvas, frame, colour, max(1, px(4)) if chosen else 1)
        _rulers(canvas, frame, percent, _CHOSEN if chosen else _LABEL)
    wide = whole.inset(px(190), 0)
    line = Box(wide.x, px(176), wide.width, px(84))
    canvas.text(texts.first(scene.words.headline), line, Style(64, Weight.BOLD, align=0.5))
    number = Box(wide.x, px(262), wide.width, px(124))
    canvas.text(f"{scene.margin} %", number, Style(96, Weight.BOLD, AMBER, 0.5, 0.5))
    top = px(400)
    for step in scene.words.steps:
        row = Box(wide.x, top, wide.width, px(104))
        canvas.text(texts.first(step), row, Style(42, align=0.5, rise=0.5, lines=2))
        top = row.bottom


def _frame(whole: Box, percent: int) -> Box:
    return whole.inset(round(whole.width * percent / 100), round(whole.height * percent / 100))


def _outline(canvas: Canvas, box: Box, colour: Colour, thick: int) -> None:
    for x, y, width, height in (
        (box.x, box.y, box.width, thick),
        (box.x, box.bottom - thick, box.width, thick),
        (box.x, box.y, thick, box.height),
        (box.right - thick, box.y, thick, box.height),
    ):
        canvas.panel(Box(x, y, width, height), colour)


def _rulers(canvas: Canvas, frame: Box, percent: int, style: Style) -> None:
    """From each side of the frame a line inwards, past all other frames, to its number."""
    whole, px = canvas.whole, canvas.grid.px
    wide, high, length = px(64), px(50), px(88)
    line = max(1, px(2))
    across = px(255) + px(150) * percent
    down = px(150) + px(80) * percent
    number = str(percent)
    ends = px(54)
    for box in (
        Box(across, frame.y, line, ends - frame.y),
        Box(across, whole.bottom - ends, line, frame.bottom - whole.bottom + ends),
        Box(frame.x, down, length - frame.x, line),
        Box(whole.right - length, down, frame.right - whole.right + length, line),
    ):
        canvas.panel(box, style.colour)
    for x, y in (
        (across - wide // 2, ends),
        (across - wide // 2, whole.bottom - ends - high),
        (length, down - high // 2),
        (whole.right - length - wide, down - high // 2),
    ):
        canvas.text(number, Box(x, y, wide, high), style)
