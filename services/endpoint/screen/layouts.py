"""The layouts of the TV: what each kind of scene puts between head line and foot line."""

from dataclasses import dataclass

from appliance.core.message import N_
from appliance.core.scenes import Scene, ShownMeeting
from appliance.core.screen_texts import Screen
from services.endpoint.screen.languages import Languages, countdown, day, duration, time_of_day
from services.endpoint.screen.page_parts import (
    CODE,
    body,
    foot,
    head,
    help_code,
    meeting_line,
    round_icon,
    time_sign,
)
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import AMBER, BLUE, MUTED, RED, TEAL, WHITE, Colour

PEOPLE = N_("How many people?")
_TO = N_("until {hour}")
_AT = N_("begins at {hour}")
_IN = N_("Begins in")
_NEXT = N_("Next: {meeting}")
_TURN_IN = N_("in {time}")
_SINCE = N_("since {hour}, for {time}")
_FOR = N_("for {time}")

_MANY = 3
"""So many steps take the place of a headline with the second language below it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The icon and the colour by which a screen is known from the far end of the room."""

    icon: str
    colour: Colour


MARKS: dict[Screen, Mark] = {
    Screen.STARTING: Mark("power", TEAL),
    Screen.IDLE: Mark("agenda", TEAL),
    Screen.UPCOMING: Mark("agenda", AMBER),
    Screen.JOINING: Mark("join", BLUE),
    Screen.IN_MEETING: Mark("meeting", TEAL),
    Screen.REJOINING: Mark("again", AMBER),
    Screen.LEAVING: Mark("leave", BLUE),
    Screen.LEFT: Mark("leave", AMBER),
    Screen.NOT_OPEN: Mark("waiting", TEAL),
    Screen.ENDED: Mark("check", TEAL),
    Screen.ENDED_BY_CHAIR: Mark("check", TEAL),
    Screen.CANCELLED: Mark("cross", AMBER),
    Screen.MOVED: Mark("agenda", AMBER),
    Screen.STATUS: Mark("box", TEAL),
    Screen.SELFTEST: Mark("running", BLUE),
    Screen.NO_NETWORK: Mark("network-off", RED),
    Screen.NO_AGENDA: Mark("agenda", AMBER),
    Screen.CLOCK_UNTRUSTED: Mark("clock", AMBER),
    Screen.NO_ADDRESS: Mark("no-address", AMBER),
    Screen.TOO_SLOW: Mark("box", RED),
    Screen.CLAIM: Mark("phone", TEAL),
    Screen.BY_HAND: Mark("button", AMBER),
    Screen.NAME_CARD: Mark("camera-off", MUTED),
    Screen.RESCUE: Mark("warning", RED),
}


def next_meeting(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """The next meeting: its time or the countdown on the left, what it is on the right."""
    head(canvas, scene, texts)
    place, px = body(canvas), canvas.grid.px
    top = headline_row(canvas, scene, texts, place)
    card = Box(place.x, top + px(12), place.width, place.bottom - top - px(12))
    canvas.panel(card, WHITE, opacity=0.075, radius=24)
    meeting = scene.meeting
    if meeting is None:
        return
    column = px(404)
    left = Box(card.x, card.y, column, card.height).inset(px(32), px(20))
    line = Box(card.x + column, card.y + px(28), max(1, px(2)), card.height - px(56))
    canvas.panel(line, WHITE, opacity=0.2)
    right_x = line.right + px(36)
    group = scene.help.link if scene.help is not None else ""
    beside = px(230) if scene.people_link or group else 0
    right_wide = card.right - px(32) - beside - right_x
    right = Box(right_x, card.y + px(20), right_wide, card.height - px(40))
    if group:
        help_code(canvas, scene, Box(card.x, card.y + px(20), card.width - px(20), card.height))
    if scene.people_link:
        people_code(canvas, Box(right.right + px(14), card.y, beside, card.height), scene, texts)
    today = scene.clock.date() if scene.clock else None
    if scene.countdown is not None:
        above, below = texts.first(_IN), texts.first(_AT, hour=time_of_day(meeting.begin))
        large, colour = countdown(scene.countdown), AMBER
    else:
        above = day(texts.first, meeting.begin.date(), today)
        below = texts.first(_TO, hour=time_of_day(meeting.end))
        large, colour = time_of_day(meeting.begin), TEAL
    _time_column(canvas, left, above, large, below, colour)
    # Beside the code the place is for the title and the chair.
    last = "" if beside else texts.first(scene.words.explanation)
    _meeting_column(canvas, right, meeting, last)
    foot(canvas, scene, texts)


def people_code(canvas: Canvas, place: Box, scene: Scene, texts: Languages) -> None:
    """The code by which the clerk's telephone says how many people are in the hall."""
    px = canvas.grid.px
    side = min(place.width, place.height - px(130))
    top = place.y + (place.height - side - px(100)) // 2
    canvas.code(scene.people_link, Box(place.x, top, place.width, side))
    below = Box(place.x, top + side + px(4), place.width, px(96))
    canvas.text(texts.first(PEOPLE), below, Style(34, align=0.5, lines=2))


def message(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """What is going on or wrong: headline, then steps to take or a sentence with the meeting."""
    head(canvas, scene, texts)
    whole, px = body(canvas), canvas.grid.px
    place = help_code(canvas, scene, whole)
    band = icon_headline(canvas, scene, texts, place)
    rest = Box(place.x, band.bottom + px(10), place.width, place.bottom - band.bottom - px(10))
    rest = _explained(canvas, scene, texts, rest)
    icon = "button" if scene.screen is Screen.LEFT else "phone"
    many = len(scene.words.steps) >= _MANY
    if not many and rest.y >= whole.y + px(CODE):
        rest = Box(rest.x, rest.y, whole.width, rest.height)  # below the code there is all the room
    _steps(canvas, scene.words.steps, texts, rest, icon, second=not many or place == whole)
    if scene.meeting is not None and not scene.words.steps:
        _meeting_card(canvas, scene, scene.meeting, texts, rest)
    foot(canvas, scene, texts)


def icon_headline(canvas: Canvas, scene: Scene, texts: Languages, place: Box) -> Box:
    """The screen's icon and its headline at the top of `place`; the band that they take."""
    px = canvas.grid.px
    many = len(scene.words.steps) >= _MANY
    band = Box(place.x, place.y + px(4), place.width, px(84 if many else 144))
    mark = MARKS[scene.screen]
    round_icon(
        canvas, Box(band.x, band.y, px(80 if many else 136), band.height), mark.icon, mark.colour
    )
    indent = px(104 if many else 168)
    text = Box(band.x + indent, band.y, band.width - indent, band.height)
    if many:
        headline_row(canvas, scene, texts, Box(text.x, text.y + px(5), text.width, text.height))
    else:
        upper = Box(text.x, text.y, text.width, px(96))
        canvas.text(texts.first(scene.words.headline), upper, Style(72, Weight.BOLD))
        lower = Box(text.x, upper.bottom, text.width, band.bottom - upper.bottom)
        canvas.text(texts.second(scene.words.headline), lower, Style(38, colour=MUTED))
    return band


def centre(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """One large name and one sentence: while the site starts, and on the card with its name."""
    px = canvas.grid.px
    inner = canvas.whole.inset(px(100), 0)
    _disc_above(canvas, scene, px(104), px(132))
    name = Box(inner.x, px(252), inner.width, px(224))
    canvas.text(scene.site, name, Style(92, Weight.BOLD, align=0.5, rise=0.5, lines=2))
    _sentence(canvas, texts, scene.words.headline, Box(inner.x, px(486), inner.width, px(108)))


def waiting(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """A meeting without a far picture: what stands between the overlay's patches."""
    if scene.by_hand is not None:
        return  # its sign stands there
    px = canvas.grid.px
    inner = canvas.whole.inset(px(300 if scene.people_link else 100), 0)
    if not scene.problems:  # what to do about one stands there
        _disc_above(canvas, scene, px(184), px(96))
    title = scene.meeting.title if scene.meeting is not None else scene.site
    place = Box(inner.x, px(286), inner.width, px(150))
    canvas.text(title, place, Style(56, Weight.BOLD, align=0.5, rise=0.5, lines=2))
    first, second = time_sign(scene, texts.first), time_sign(scene, texts.second)
    below = Box(inner.x, px(440), inner.width, px(104))
    if first:
        _two_lines(canvas, first, second, below)
    else:
        _sentence(canvas, texts, scene.words.explanation, below)


def _disc_above(canvas: Canvas, scene: Scene, y: int, side: int) -> None:
    mark = MARKS[scene.screen]
    place = Box((canvas.whole.width - side) // 2, y, side, side)
    round_icon(canvas, place, mark.icon, mark.colour)


def _sentence(canvas: Canvas, texts: Languages, message_id: str, place: Box) -> None:
    """One sentence in both languages in the middle of `place`."""
    _two_lines(canvas, texts.first(message_id), texts.second(message_id), place)


def _two_lines(canvas: Canvas, first: str, second: str, place: Box) -> None:
    upper = Box(place.x, place.y, place.width, canvas.line_height(40))
    lower = Box(place.x, upper.bottom, place.width, canvas.line_height(34))
    canvas.text(first, upper, Style(40, align=0.5))
    canvas.text(second, lower, Style(34, colour=MUTED, align=0.5))


def headline_row(canvas: Canvas, scene: Scene, texts: Languages, place: Box) -> int:
    """The headline with the second language beside it on one base line; where it ends below."""
    px = canvas.grid.px
    row = Box(place.x, place.y, place.width, canvas.line_height(54))
    style = Style(54, Weight.BOLD)
    taken = canvas.text(
        texts.first(scene.words.headline), Box(row.x, row.y, row.width * 6 // 10, row.height), style
    )
    x = taken.right + px(24)
    down = round((canvas.grid.px(54) - canvas.grid.px(38)) * 1.07)
    beside = Box(x, row.y + down, row.right - x, row.height - down)
    canvas.text(texts.second(scene.words.headline), beside, Style(38, colour=MUTED))
    return row.bottom


def _time_column(
    canvas: Canvas, place: Box, above: str, large: str, below: str, colour: Colour
) -> None:
    px = canvas.grid.px
    upper = Box(place.x, place.y, place.width, px(100))
    lower = Box(place.x, place.bottom - px(64), place.width, px(64))
    canvas.text(above, upper, Style(44, Weight.BOLD, colour, 0.5, 0.5, 2))
    middle = Box(place.x, upper.bottom, place.width, lower.y - upper.bottom)
    canvas.text(large, middle, Style(122, Weight.BOLD, align=0.5, rise=0.5))
    canvas.text(below, lower, Style(38, colour=MUTED, align=0.5, rise=0.5))


def _meeting_column(canvas: Canvas, place: Box, meeting: ShownMeeting, last: str) -> None:
    px = canvas.grid.px
    lower = Box(place.x, place.bottom - px(56), place.width, px(56))
    canvas.text(last, lower, Style(34, colour=MUTED, rise=1.0))
    chair_y = lower.y - px(10)
    if meeting.chair:
        row = Box(place.x, lower.y - px(62), place.width, px(54 if last else 110))
        chair_y = row.y - px(8)
        _chair(canvas, row, meeting.chair)
    canvas.text(
        meeting.title,
        Box(place.x, place.y, place.width, chair_y - place.y),
        Style(52, Weight.BOLD, rise=0.5 if not meeting.chair else 0.0, lines=3),
    )


def _chair(canvas: Canvas, row: Box, chair: str) -> None:
    px = canvas.grid.px
    canvas.icon("person", Box(row.x, row.y, px(38), row.height), TEAL)
    x = row.x + px(54)
    canvas.text(chair, Box(x, row.y, row.right - x, row.height), Style(38, rise=0.5, lines=2))


def _explained(canvas: Canvas, scene: Scene, texts: Languages, place: Box) -> Box:
    """The sentence below the headline in both languages; what is left of `place`.

    Where steps leave no room for the meeting's card, its one line takes the first place.
    """
    px, sentence = canvas.grid.px, scene.words.explanation
    if not sentence:
        return place
    upper, lower = texts.first(sentence), texts.second(sentence)
    if scene.meeting is not None and scene.words.steps:
        upper, lower = meeting_line(scene.meeting, scene, texts), upper
    first, second = canvas.line_height(40), canvas.line_height(34)
    canvas.text(upper, Box(place.x, place.y, place.width, first), Style(40))
    below = Box(place.x, place.y + first, place.width, second)
    canvas.text(lower, below, Style(34, colour=MUTED))
    y = below.bottom + px(14)
    return Box(place.x, y, place.width, place.bottom - y)


def _steps(
    canvas: Canvas,
    steps: tuple[str, ...],
    texts: Languages,
    place: Box,
    icon: str,
    *,
    second: bool = True,
) -> None:
    """Numbered steps, each in both languages where the room allows and `second` is wished; a single
    one has an icon."""
    if not steps:
        return
    px = canvas.grid.px
    gap = px(8)
    first, below = canvas.line_height(38), canvas.line_height(34)
    both = second and (first + below + gap) * len(steps) - gap <= place.height
    each = min((place.height + gap) // len(steps) - gap, first + below + px(8))
    for number, step in enumerate(steps):
        y = place.y + number * (each + gap)
        row = Box(place.x, y, place.width, each)
        badge = Box(row.x, row.y + (each - px(60)) // 2, px(60), px(60))
        canvas.panel(badge, WHITE, opacity=0.14, radius=30)
        if len(steps) == 1:
            canvas.icon(icon, badge.inset(px(11)))
        else:
            canvas.text(str(number + 1), badge, Style(38, Weight.BOLD, align=0.5, rise=0.5))
        x = badge.right + px(24)
        room = Box(x, y, row.right - x, each)
        if not both:
            canvas.text(texts.first(step), room, Style(38, rise=0.5, lines=2))
            continue
        pad = (each - first - below) // 2
        canvas.text(texts.first(step), Box(x, y + pad, room.width, first), Style(38))
        canvas.text(
            texts.second(step), Box(x, y + pad + first, room.width, below), Style(34, colour=MUTED)
        )


def _meeting_card(
    canvas: Canvas, scene: Scene, meeting: ShownMeeting, texts: Languages, place: Box
) -> None:
    """Which meeting this is about, and for how long the site has been at it."""
    px = canvas.grid.px
    canvas.panel(place, WHITE, opacity=0.075, radius=24)
    inner = place.inset(px(30), px(12))
    lower = Box(inner.x, inner.bottom - px(50), inner.width, px(50))
    time = f"{time_of_day(meeting.begin)} – {time_of_day(meeting.end)}"
    if (
        scene.clock is None and scene.elapsed is None
    ):  # who reads it knows the day, the box does not
        time = f"{day(texts.first, meeting.begin.date(), None)}, {time}"
    upper = Box(inner.x, inner.y, inner.width, lower.y - inner.y)
    canvas.text(meeting.title, upper, Style(44, Weight.BOLD, rise=0.5, lines=2))
    taken = canvas.text(time, lower, Style(36, colour=TEAL, rise=0.5))
    x = taken.right + px(24)
    beside = Box(x, lower.y, lower.right - x, lower.height)
    canvas.text(_how_long(scene, texts), beside, Style(36, align=1.0, rise=0.5))


def _how_long(scene: Scene, texts: Languages) -> str:
    """For how long the site has been at it, or how long until it begins; "" where nobody counts."""
    if scene.turn is not None:
        return texts.first(_TURN_IN, time=duration(texts.first, scene.turn))
    if scene.elapsed is None:
        return ""
    elapsed = duration(texts.first, scene.elapsed)
    if scene.since is None:
        return texts.first(_FOR, time=elapsed)
    return texts.first(_SINCE, hour=time_of_day(scene.since), time=elapsed)


def next_line(scene: Scene, texts: Languages) -> str:
    """The next meeting in one line, "" where there is none."""
    if scene.meeting is None:
        return ""
    return texts.first(_NEXT, meeting=meeting_line(scene.meeting, scene, texts))
