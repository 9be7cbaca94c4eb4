"""What several layouts share: ground, head line with clock, foot line with button and problem."""

from appliance.base.texts import Texts
from appliance.core.meetings.due import Period
from appliance.core.problems import Problem, Severity
from appliance.core.scenes import Scene, ShownMeeting
from appliance.core.screen_texts import (
    HELP,
    HELP_CODE,
    HELP_OR_CODE,
    OPENS,
    OVERTIME,
    OVERTIME_BEGINS,
)
from services.endpoint.screen.languages import Languages, day_and_time, duration, time_of_day
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight, width
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import AMBER, GROUND, MUTED, RED, TEAL, WHITE, Colour

MARGIN = 60.0
"""Units kept free on each side: some TVs still hide a twentieth of the picture."""
HEAD = 146.0
FOOT = 92.0
BOTTOM = 28.0
GAP = 20.0
CODE = 236.0
"""Of a QR code beside other things: 6 pixels a module for the address of a group on Zalo."""

PROBLEM_COLOURS: dict[Severity, Colour] = {
    Severity.NOTE: MUTED,
    Severity.WARNING: AMBER,
    Severity.SERIOUS: RED,
}


def body(canvas: Canvas) -> Box:
    """The place between head and foot."""
    wide = canvas.grid.across - 2 * MARGIN
    return canvas.grid.box(MARGIN, HEAD + 16, wide, 720 - HEAD - 16 - BOTTOM - FOOT - 14)


def head(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """Site and date on the left, the clock on the right; in the date's place whom to call."""
    grid = canvas.grid
    wide = grid.across - 2 * MARGIN
    bar = grid.box(MARGIN, 45, 8, 88)
    canvas.panel(bar, TEAL, radius=4)
    left = wide - 244
    dated, telephone = scene.clock is not None, help_line(scene, texts.first)
    below = grid.box(MARGIN + 26, 92, left - 26, 50)
    canvas.text(
        scene.site,
        grid.box(
            MARGIN + 26, *((28, left - 26, 66) if dated or telephone else (45, left - 26, 88))
        ),
        Style(48, Weight.BOLD, rise=0.5),
    )
    if telephone:
        canvas.icon("phone", Box(below.x, below.y, grid.px(40), below.height), AMBER)
        beside = Box(below.x + grid.px(54), below.y, below.width - grid.px(54), below.height)
        canvas.text(telephone, beside, Style(36, Weight.BOLD, AMBER, rise=0.5))
    elif scene.clock is not None:
        date = texts.first.date(scene.clock.date())
        canvas.text(date, below, Style(34, colour=MUTED, rise=0.5))
    canvas.text(
        time_of_day(scene.clock) if scene.clock is not None else "--:--",
        grid.box(MARGIN + left, 22, wide - left, 124),
        Style(88, Weight.BOLD, WHITE if dated else MUTED, align=1.0, rise=0.5),
    )
    canvas.panel(grid.box(MARGIN, HEAD, wide, 2), WHITE, opacity=0.16)


def foot(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """What is wrong on the right; on the left what helps, which meeting waits, or the button."""
    grid = canvas.grid
    wide = grid.across - 2 * MARGIN
    row = grid.box(MARGIN, -(BOTTOM + FOOT), wide, FOOT)
    taken = 0
    if scene.problems:
        pill = problem_pill(canvas, scene.problems, texts, row)
        taken = pill.width + grid.px(GAP)
    hint, icon, colour = texts.first(scene.words.hint), "button", TEAL
    if scene.problems and not scene.words.steps:
        worst = scene.problems[0].kind
        if worst.severity > Severity.NOTE:
            hint, icon, colour = (
                texts.first(worst.remedy),
                "warning",
                PROBLEM_COLOURS[worst.severity],
            )
    if not hint and scene.meeting is not None and scene.words.steps:
        hint, icon = meeting_line(scene.meeting, scene, texts), "agenda"
    if hint:
        mark = Box(row.x, row.y, grid.px(52), row.height)
        canvas.icon(icon, mark, colour)
        x = mark.right + grid.px(16)
        place = Box(x, row.y, row.right - taken - x, row.height)
        canvas.text(hint, place, Style(36, rise=0.5, lines=2))


def help_line(scene: Scene, texts: Texts) -> str:
    """Whom to ask, where something is wrong and the settings say it; else ""."""
    if scene.help is None:
        return ""
    if not scene.help.telephone:
        return texts(HELP_CODE) if scene.help.link else ""
    sentence = HELP_OR_CODE if scene.help.link else HELP
    return texts(sentence, telephone=scene.help.telephone)


def help_code(canvas: Canvas, scene: Scene, place: Box) -> Box:
    """The code of the group in which one asks, at the right of `place`; what is left of it."""
    if scene.help is None or not scene.help.link:
        return place
    side = min(canvas.grid.px(CODE), place.height)
    canvas.code(scene.help.link, Box(place.right - side, place.y, side, side))
    return Box(place.x, place.y, place.width - side - canvas.grid.px(GAP), place.height)


def meeting_line(meeting: ShownMeeting, scene: Scene, texts: Languages) -> str:
    """Hôm nay 14:00 – Giao ban trực tuyến."""
    return f"{day_and_time(texts.first, meeting.begin, scene.clock)} – {meeting.title}"


def time_sign(scene: Scene, texts: Texts) -> str:
    """What is said of the time of the meeting that the site is in; "" while it runs."""
    if scene.period is Period.DOORS and scene.meeting is not None:
        return texts(OPENS, hour=time_of_day(scene.meeting.begin))
    if scene.period is not Period.OVERRUN:
        return ""
    hours, minutes = divmod(scene.overtime, 60)
    parts = [duration(texts, n * unit) for n, unit in ((hours, 3600), (minutes, 60)) if n]
    return texts(OVERTIME, time=" ".join(parts)) if parts else texts(OVERTIME_BEGINS)


def problem_pill(
    canvas: Canvas,
    problems: tuple[Problem, ...],
    texts: Languages,
    row: Box,
    share: float = 0.42,
    lines: int = 2,
) -> Box:
    """The worst problem at the right end of `row`: its code, its name, and how many more.

    It takes at most `share` of the row. A detail (a text from outside) is shortened until the rest
    is whole.
    """
    grid = canvas.grid
    worst = problems[0]
    colour = PROBLEM_COLOURS[worst.kind.severity]
    more = f" +{len(problems) - 1}" if len(problems) > 1 else ""
    code, name = Style(38, Weight.BOLD, GROUND, 0.5, 0.5), Style(34, rise=0.5, lines=lines)
    pad = grid.px(18)
    badge = canvas.fitted(worst.code, code, row.width)
    badge_wide = width(worst.code, Weight.BOLD, badge.px) + 2 * pad
    max_width = round(row.width * share) - badge_wide - 2 * pad
    words = texts.first(worst.kind.text) + more
    known = texts.first(worst.detail) if worst.detail else ""  # words of ours among the details
    for kept in range(len(known), 0, -1):
        detail = known[:kept].rstrip() + ("" if kept == len(known) else "…")
        longer = f"{texts.first(worst.kind.text)}: {detail}{more}"
        if canvas.fitted(longer, name, max_width).whole:
            words = longer
            break
    fitted = canvas.fitted(words, name, max_width)
    words_wide = (
        max((width(line, Weight.REGULAR, fitted.px) for line in fitted.lines), default=0) + 2
    )
    whole = badge_wide + words_wide + 2 * pad
    high = row.height if len(fitted.lines) > 1 else min(row.height, grid.px(74))
    pill = Box(row.right - whole, row.y + (row.height - high) // 2, whole, high)
    canvas.panel(pill, GROUND, opacity=0.62, radius=16)
    mark = Box(pill.x, pill.y, badge_wide, pill.height)
    canvas.panel(mark, colour, radius=16)
    canvas.text(worst.code, mark, code)
    canvas.text(words, Box(mark.right + pad, pill.y, words_wide, pill.height), name)
    return pill


def round_icon(canvas: Canvas, box: Box, icon: str, colour: Colour) -> None:
    """An icon in a round field of its colour."""
    side = min(box.width, box.height)
    field = Box(box.x, box.y + (box.height - side) // 2, side, side)
    radius = side * 720 / canvas.grid.height / 2
    canvas.panel(field, colour, opacity=0.22, radius=radius)
    canvas.icon(icon, field.inset(round(side * 0.22)), colour)
