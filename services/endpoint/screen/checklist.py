"""The layout with a line for each part of the site: for a short press and for the self-test."""

from appliance.core.message import N_
from appliance.core.problems import Area
from appliance.core.scenes import Check, CheckState, Scene
from appliance.core.screen_texts import NOTHING_PLANNED
from services.endpoint.screen.languages import Languages
from services.endpoint.screen.layouts import headline_row, next_line
from services.endpoint.screen.page_parts import body, foot, head, help_code
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import GREEN, MUTED, RED, TEAL, WHITE, Colour

AREAS: dict[Area, tuple[str, str]] = {
    Area.NETWORK: ("network", N_("Network")),
    Area.AGENDA: ("agenda", N_("Agenda")),
    Area.CLOCK: ("clock", N_("Clock")),
    Area.CAMERA: ("camera", N_("Camera")),
    Area.SOUND: ("sound", N_("Sound")),
    Area.TV: ("tv", N_("TV")),
    Area.MEETING: ("meeting", N_("Meeting server")),
    Area.BOX: ("box", N_("The box")),
}

STATES: dict[CheckState, tuple[str, Colour]] = {
    CheckState.WAITING: ("waiting", MUTED),
    CheckState.RUNNING: ("running", TEAL),
    CheckState.GOOD: ("check", GREEN),
    CheckState.BAD: ("cross", RED),
}

_COLUMNS = 2
_ROWS = 4


def checklist(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """Two columns of checks below the headline and one sentence."""
    head(canvas, scene, texts)
    place, px = body(canvas), canvas.grid.px
    top = headline_row(canvas, scene, texts, place)
    sentence = (
        texts.first(scene.words.explanation)
        or next_line(scene, texts)
        or texts.first(NOTHING_PLANNED.headline)
    )
    line = Box(place.x, top, place.width, canvas.line_height(36))
    canvas.text(sentence, line, Style(36))
    rest_y = line.bottom + px(12)
    place = Box(place.x, rest_y, place.width, place.bottom - rest_y)
    place = help_code(canvas, scene, place)
    gap = px(10)
    each = (place.bottom - rest_y - gap * (_ROWS - 1)) // _ROWS
    wide = (place.width - px(16)) // _COLUMNS
    for number, check in enumerate(scene.checks[: _COLUMNS * _ROWS]):
        column, row = divmod(number, _ROWS)
        cell = Box(place.x + column * (wide + px(16)), rest_y + row * (each + gap), wide, each)
        _cell(canvas, cell, check, texts)
    foot(canvas, scene, texts)


def _cell(canvas: Canvas, cell: Box, check: Check, texts: Languages) -> None:
    px = canvas.grid.px
    icon, name = AREAS[check.area]
    state, colour = STATES[check.state]
    canvas.panel(cell, WHITE, opacity=0.075, radius=14)
    mark = Box(cell.x + px(16), cell.y, px(38), cell.height)
    canvas.icon(icon, mark, MUTED)
    end = Box(cell.right - px(16) - px(38), cell.y, px(38), cell.height)
    canvas.icon(state, end, colour)
    right = end.x - px(12)
    if check.code:
        code = Box(right - px(64), cell.y, px(64), cell.height)
        canvas.text(check.code, code, Style(36, Weight.BOLD, colour, 1.0, 0.5))
        right = code.x - px(12)
    x = mark.right + px(16)
    canvas.text(texts.first(name), Box(x, cell.y, right - x, cell.height), Style(38, rise=0.5))
