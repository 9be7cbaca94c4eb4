"""The layout of a box in rescue: what is wrong, what to do, what to read out on the telephone."""

from appliance.core.message import N_
from appliance.core.rescue import PROBLEM_WORDS, FailedSlot, Rescue
from appliance.core.scenes import Scene
from services.endpoint.screen.languages import Languages
from services.endpoint.screen.layouts import MARKS
from services.endpoint.screen.page_parts import BOTTOM, HEAD, MARGIN, round_icon
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import MUTED, RED, TEAL, WHITE

_CALL_CENTRE = N_("Call the IT centre; read the code.")
_CALL = N_("Call {telephone}.")
"""In the other's place where the settings name a number."""
_SERIAL = N_("Box no. {serial}")
_TIMES = N_("Tried {number} times in a row.")

_FIRST, _SECOND = 38, 34


def rescue(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """Name and code above, then what is wrong, slot by slot where that is known, then the steps."""
    grid, px = canvas.grid, canvas.grid.px
    known = scene.rescue or Rescue()
    wide = grid.across - 2 * MARGIN
    _head(canvas, scene, known, texts)
    mark = MARKS[scene.screen]
    band = grid.box(MARGIN, HEAD + 14, wide, 66)
    round_icon(canvas, Box(band.x, band.y, px(66), band.height), mark.icon, mark.colour)
    headline = Box(band.x + px(90), band.y, band.width - px(90), band.height)
    _pair(canvas, scene.words.headline, texts, headline, 50, Weight.BOLD)
    each = canvas.line_height(_FIRST)
    line = Box(band.x, band.bottom + px(6), band.width, each)
    y = line.y
    if known.starts:
        _pair(canvas, _TIMES, texts, line, _FIRST, number=known.starts)
        y = line.bottom + px(10)
    bottom = grid.px(720 - BOTTOM)
    row, gap = max(each, px(52)), px(4)
    telephone = scene.help.telephone if scene.help is not None else ""
    steps = [_CALL if telephone and one == _CALL_CENTRE else one for one in scene.words.steps]
    first = bottom - len(steps) * row - (len(steps) - 1) * gap
    if known.slots:
        _slots(canvas, known.slots, texts, Box(band.x, y, band.width, first - px(12) - y))
    else:
        _explained(canvas, scene.words.explanation, texts, Box(line.x, y, line.width, first - y))
    for number, step in enumerate(steps):
        place = Box(band.x, first + number * (row + gap), band.width, row)
        _step(canvas, number + 1, step, texts, place, telephone=telephone)


def _head(canvas: Canvas, scene: Scene, known: Rescue, texts: Languages) -> None:
    """As every layout's, with the code in the clock's place: the box does not know the time yet."""
    grid = canvas.grid
    wide = grid.across - 2 * MARGIN
    left = wide - 244
    canvas.panel(grid.box(MARGIN, 45, 8, 88), TEAL, radius=4)
    name = grid.box(MARGIN + 26, 28 if known.serial else 45, left - 26, 66 if known.serial else 88)
    canvas.text(scene.site, name, Style(48, Weight.BOLD, rise=0.5))
    if known.serial:
        below = grid.box(MARGIN + 26, 92, left - 26, 50)
        serial = texts.first(_SERIAL, serial=known.serial)
        canvas.text(serial, below, Style(34, colour=MUTED, rise=0.5))
    if scene.problems:
        place = grid.box(MARGIN + left, 22, wide - left, 124)
        style = Style(88, Weight.BOLD, RED, align=1.0, rise=0.5)
        canvas.text(scene.problems[0].code, place, style)
    canvas.panel(grid.box(MARGIN, HEAD, wide, 2), WHITE, opacity=0.16)


def _explained(canvas: Canvas, sentence: str, texts: Languages, place: Box) -> None:
    first, second = canvas.line_height(40), canvas.line_height(_SECOND)
    y = place.y + (place.height - first - second) // 2
    canvas.text(texts.first(sentence), Box(place.x, y, place.width, first), Style(40))
    below = Box(place.x, y + first, place.width, second)
    canvas.text(texts.second(sentence), below, Style(_SECOND, colour=MUTED))


def _slots(canvas: Canvas, slots: tuple[FailedSlot, ...], texts: Languages, place: Box) -> None:
    px = canvas.grid.px
    first, second = canvas.line_height(_FIRST), canvas.line_height(_SECOND, 2)
    each = min((place.height - 2 * px(8)) // len(slots), first + second)
    card = Box(place.x, place.y, place.width, each * len(slots) + 2 * px(8))
    canvas.panel(card, WHITE, opacity=0.075, radius=20)
    inner = card.inset(px(22), px(8))
    for number, slot in enumerate(slots):
        row = Box(inner.x, inner.y + number * each, inner.width, each)
        letter = Box(row.x, row.y, px(40), first)
        canvas.text(slot.slot, letter, Style(_FIRST, Weight.BOLD, TEAL, 0.5))
        x = letter.right + px(22)
        upper = Box(x, row.y, row.right - x, first)
        _pair(canvas, PROBLEM_WORDS[slot.problem], texts, upper, _FIRST)
        lower = Box(x, upper.bottom, row.right - x, row.bottom - upper.bottom)
        raw = f"{slot.version}: {slot.reason}" if slot.version else slot.reason
        canvas.text(raw, lower, Style(_SECOND, colour=MUTED, lines=2))


def _step(
    canvas: Canvas, number: int, step: str, texts: Languages, row: Box, *, telephone: str
) -> None:
    px = canvas.grid.px
    badge = Box(row.x, row.y + (row.height - px(52)) // 2, px(52), px(52))
    canvas.panel(badge, WHITE, opacity=0.14, radius=26)
    canvas.text(str(number), badge, Style(36, Weight.BOLD, align=0.5, rise=0.5))
    x = badge.right + px(20)
    high = canvas.line_height(_FIRST)
    place = Box(x, row.y + (row.height - high) // 2, row.right - x, high)
    _pair(canvas, step, texts, place, _FIRST, telephone=telephone)


def _pair(
    canvas: Canvas,
    message: str,
    texts: Languages,
    place: Box,
    size: float,
    weight: Weight = Weight.REGULAR,
    **values: object,
) -> None:
    """A message with the second language beside it, on one base line."""
    px = canvas.grid.px
    share = Box(place.x, place.y, place.width * 6 // 10, place.height)
    taken = canvas.text(texts.first(message, **values), share, Style(size, weight, rise=0.5))
    x = taken.right + px(24)
    beside = Box(x, place.y, place.right - x, place.height)
    canvas.text(texts.second(message, **values), beside, Style(_SECOND, colour=MUTED, rise=0.5))
