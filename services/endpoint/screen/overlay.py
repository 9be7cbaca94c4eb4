"""What lies over the far picture in a meeting: a few small patches, so that little is composed."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from appliance.core.by_hand import Sign
from appliance.core.meetings.due import Period
from appliance.core.message import N_
from appliance.core.problems import Problem, Severity
from appliance.core.scenes import LineQuality, Scene
from appliance.core.screen_texts import (
    ASKING_WORDS,
    FREE_HINT,
    MICROPHONE_WORDS,
    REFUSED,
    REFUSED_EARLY,
    Microphone,
    MicrophoneWords,
)
from services.endpoint.screen.by_hand import by_hand_sign
from services.endpoint.screen.checklist import AREAS
from services.endpoint.screen.languages import languages, time_of_day
from services.endpoint.screen.layouts import PEOPLE
from services.endpoint.screen.page_parts import help_line, problem_pill, time_sign
from services.endpoint.screen.paint.canvas import Canvas, Drawn, Style
from services.endpoint.screen.paint.fonts import Weight, width
from services.endpoint.screen.paint.geometry import Box, Grid
from services.endpoint.screen.paint.look import (
    AMBER,
    DEEP_GREEN,
    DEEP_RED,
    GREEN,
    GROUND,
    MUTED,
    RED,
    TEAL,
    WHITE,
    Colour,
)

EDGE = 32.0
PILL = 64.0
GAP = 14.0
PEOPLE_WIDE = 236.0
_WEAK = N_("Weak line")
_OPACITY = 0.78
_SECOND_SHARE = 0.44
"""Of the width: what stands in the middle while no picture has come stays free."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """An RGBA picture and where its left upper corner lies; all even, and never to be drawn on."""

    x: int
    y: int
    image: Image.Image
    drawn: tuple[Drawn, ...] = ()


@dataclass(frozen=True, slots=True)
class _Appearance:
    icon: str
    ink: Colour
    ground: Colour
    opacity: float = _OPACITY
    faint: Colour = MUTED


APPEARANCES: dict[Microphone, _Appearance] = {
    Microphone.OFF: _Appearance("microphone-off", RED, GROUND),
    Microphone.HAND: _Appearance("hand", MUTED, GROUND),
    Microphone.HAND_CONFIRMED: _Appearance("hand", AMBER, GROUND),
    Microphone.GIVEN: _Appearance("microphone", GREEN, GROUND),
    Microphone.LIVE: _Appearance("microphone", WHITE, DEEP_GREEN, 0.94, WHITE),
    Microphone.FAILED: _Appearance("warning", WHITE, DEEP_RED, 0.94, WHITE),
}
"""The lamp's colours once more: red off, amber hand, green live."""

LINE_COLOURS: dict[LineQuality, Colour] = {
    LineQuality.UNKNOWN: MUTED,
    LineQuality.GOOD: GREEN,
    LineQuality.FAIR: AMBER,
    LineQuality.POOR: RED,
}


def self_view(size: tuple[int, int]) -> Box:
    """Where the self-view goes (without its frame): a fifth of the width, in the right corner."""
    grid = Grid(*size)
    wide, high = grid.width // 5, grid.height // 5
    edge = grid.px(EDGE)
    return Box(grid.width - edge - wide, grid.height - edge - high, wide, high).even()


def overlay(
    scene: Scene, size: tuple[int, int], locale: str = "vi", *, signed: bool = True
) -> tuple[Patch, ...]:
    """The patches for `size` (width, height); the same patch object while it looks the same.

    `signed`: with the sign of the meeting's time, which otherwise stands below them.
    """
    patches = [_microphone(scene.microphone, _words(scene), size, locale)]
    if scene.by_hand is not None:
        patches.append(_by_hand(scene.by_hand, size, locale))
    clock = time_of_day(scene.clock) if scene.clock is not None else ""
    corner = _line(scene.line, clock, size, locale)
    patches.append(corner)
    if scene.speaker:
        patches.append(_speaker(scene.speaker, corner.x, size))
    if scene.people_link and scene.by_hand is None:
        patches.append(_people(scene.people_link, size, locale))
    signed = signed and scene.by_hand is None
    if signed and (sign := time_sign(scene, languages(locale).first)):
        beside = PEOPLE_WIDE + GAP if scene.people_link else 0.0
        patches.append(_sign(sign, EDGE + beside, patches[0].y, size))
    if scene.problems:
        patches.append(_problems(scene.problems, size, locale))
    if scene.problems and scene.remedy:
        telephone = help_line(scene, languages(locale).first)
        patches.append(_remedy(scene.problems[0], telephone, size, locale))
    elif _says_what_to_do(scene):
        patches.append(_second_line(scene.problems[0], size, locale))
    return (*patches, *_frame(scene.microphone is Microphone.LIVE, size))


def _says_what_to_do(scene: Scene) -> bool:
    """Below the badge; not beside what the gesture that leaves a meeting asks."""
    worse = bool(scene.problems) and scene.problems[0].kind.severity > Severity.NOTE
    return worse and scene.by_hand is None


def _words(scene: Scene) -> MicrophoneWords:
    words = (ASKING_WORDS if scene.asks_to_speak else MICROPHONE_WORDS)[scene.microphone]
    if scene.by_hand is not None:
        return MicrophoneWords(words.state)  # what the button would do now, the sign says
    early = scene.period is Period.DOORS
    if scene.refused:
        return REFUSED_EARLY if early else REFUSED
    if early:
        return words
    if scene.microphone is Microphone.OFF and scene.meeting is not None and scene.meeting.free:
        return MicrophoneWords(words.state, FREE_HINT)
    return words


@lru_cache(maxsize=8)
def _sign(text: str, left: float, below: int, size: tuple[int, int]) -> Patch:
    """Before the opening or past the end; `below` is where the microphone's patch begins."""
    grid = Grid(*size)
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    style = Style(38, Weight.BOLD, rise=0.5)
    max_width = self_view(size).x - px(left) - px(EDGE) - px(76) - px(24)
    found = probe.fitted(text, style, max_width)
    across = 2 + max((width(line, style.weight, found.px) for line in found.lines), default=0)
    box = Box(px(left), below - px(14) - px(PILL), px(76) + across + px(24), px(PILL))
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=_OPACITY, radius=16)
    whole = canvas.whole
    canvas.icon("clock", Box(px(20), 0, px(38), whole.height), AMBER)
    canvas.text(text, Box(px(76), 0, whole.width - px(76) - px(16), whole.height), style)
    return _done(canvas, box)


def _patch(grid: Grid, box: Box, ground: Colour) -> Canvas:
    """A canvas for a patch around `box`: clear, yet of its later colour, for clean edges."""
    even = box.even()
    image = Image.new("RGBA", (even.width, even.height), (*ground, 0))
    return Canvas(grid, image, (even.x, even.y))


def _done(canvas: Canvas, box: Box) -> Patch:
    even = box.even()
    return Patch(even.x, even.y, canvas.image, tuple(canvas.drawn))


@lru_cache(maxsize=32)
def _microphone(
    state: Microphone, words: MicrophoneWords, size: tuple[int, int], locale: str
) -> Patch:
    grid, texts, appearance = Grid(*size), languages(locale), APPEARANCES[state]
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    large, small = Style(44, Weight.BOLD), Style(34, colour=appearance.faint)
    max_width = self_view(size).x - px(EDGE) * 2 - px(120) - px(36)
    label, hint = texts.first(words.state), texts.first(words.hint)
    first, second = probe.fitted(label, large, max_width), probe.fitted(hint, small, max_width)
    across = 2 + max(
        width(line, style.weight, found.px)
        for style, found in ((large, first), (small, second))
        for line in found.lines
    )
    high = probe.line_height(44) + probe.line_height(34) + px(8)
    box = Box(px(EDGE), grid.height - px(EDGE) - high, px(120) + across + px(36), high)
    canvas = _patch(grid, box, appearance.ground)
    canvas.plate(appearance.ground, opacity=appearance.opacity, radius=16)
    inner = canvas.whole
    canvas.icon(appearance.icon, Box(px(24), 0, px(76), inner.height), appearance.ink)
    text = Box(px(120), px(2), inner.width - px(120) - px(18), inner.height - px(6))
    upper = canvas.line_height(44)
    alone = 0 if hint else (text.height - upper) // 2
    canvas.text(label, Box(text.x, text.y + alone, text.width, upper), large)
    canvas.text(hint, Box(text.x, text.y + upper, text.width, text.height - upper), small)
    return _done(canvas, box)


@lru_cache(maxsize=16)
def _speaker(name: str, end: int, size: tuple[int, int]) -> Patch:
    """Who speaks, in the left upper corner; `end` is where the right one begins."""
    grid = Grid(*size)
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    style = Style(38, Weight.BOLD, rise=0.5)
    max_width = end - 2 * px(EDGE) - px(76) - px(24) - 4
    found = probe.fitted(name, style, max_width)
    across = 2 + max((width(line, style.weight, found.px) for line in found.lines), default=0)
    box = Box(px(EDGE), px(EDGE), px(76) + across + px(24), px(PILL))
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=_OPACITY, radius=16)
    whole = canvas.whole
    canvas.icon("sound", Box(px(20), 0, px(38), whole.height), TEAL)
    canvas.text(name, Box(px(76), 0, whole.width - px(76) - px(16), whole.height), style)
    return _done(canvas, box)


@lru_cache(maxsize=32)
def _line(line: LineQuality, clock: str, size: tuple[int, int], locale: str) -> Patch:
    grid, texts = Grid(*size), languages(locale)
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    bold, plain = Style(38, Weight.BOLD, rise=0.5), Style(34, colour=LINE_COLOURS[line], rise=0.5)
    weak = texts.first(_WEAK) if line is LineQuality.POOR else ""
    parts = [(text, style) for text, style in ((weak, plain), (clock, bold)) if text]
    spans = [
        width(text, style.weight, probe.fitted(text, style, grid.width).px) + 2
        for text, style in parts
    ]
    across = px(20) + px(44) + sum(px(16) + span for span in spans) + px(22)
    box = Box(grid.width - px(EDGE) - across, px(EDGE), across, px(PILL))
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=_OPACITY, radius=16)
    high = canvas.whole.height
    canvas.icon(f"line-{line.value}", Box(px(20), 0, px(44), high), LINE_COLOURS[line])
    x = px(20) + px(44)
    for (text, style), span in zip(parts, spans, strict=True):
        x += px(16)
        canvas.text(text, Box(x, 0, span, high), style)
        x += span
    return _done(canvas, box)


@lru_cache(maxsize=16)
def _problems(problems: tuple[Problem, ...], size: tuple[int, int], locale: str) -> Patch:
    """The problem whose turn it is, below the quality of the line."""
    grid = Grid(*size)
    row = Box(0, 0, grid.width - 2 * grid.px(EDGE), grid.px(PILL))
    probe = Canvas(grid, Image.new("RGBA", (row.width, row.height)))
    share = 0.9 if problems[0].detail else 0.62
    pill = problem_pill(probe, problems, languages(locale), row, share, 1)
    top = grid.px(EDGE + PILL + 14)
    box = Box(grid.width - grid.px(EDGE) - pill.width, top, pill.width, pill.height)
    canvas = _patch(grid, box, GROUND)
    right = Box(canvas.whole.width - row.width, 0, row.width, row.height)
    problem_pill(canvas, problems, languages(locale), right, share, 1)
    return _done(canvas, box)


@lru_cache(maxsize=4)
def _people(link: str, size: tuple[int, int], locale: str) -> Patch:
    """The code by which people are counted, on the left edge, in the first minutes."""
    grid = Grid(*size)
    box = Box(grid.px(EDGE), grid.px(226), grid.px(PEOPLE_WIDE), grid.px(338))
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=0.94, radius=16)
    whole = canvas.whole
    side = whole.width - grid.px(8)
    canvas.code(link, Box(grid.px(4), grid.px(4), side, side))
    below = Box(grid.px(8), side + grid.px(6), whole.width - grid.px(16), whole.height - side)
    words = Box(below.x, below.y, below.width, whole.height - below.y - grid.px(4))
    canvas.text(languages(locale).first(PEOPLE), words, Style(34, align=0.5, rise=0.5, lines=2))
    return _done(canvas, box)


@lru_cache(maxsize=16)
def _second_line(told: Problem, size: tuple[int, int], locale: str) -> Patch:
    """What to do about the problem that stands above it, with the icon of its part of the site."""
    grid, texts = Grid(*size), languages(locale)
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    style = Style(34, rise=0.5, lines=2)
    remedy = texts.first(told.kind.remedy)
    found = probe.fitted(remedy, style, round(grid.width * _SECOND_SHARE) - px(92))
    across = 2 + max(width(line, style.weight, found.px) for line in found.lines)
    whole, high = px(72) + across + px(20), probe.line_height(34, len(found.lines)) + px(6)
    box = Box(grid.width - px(EDGE) - whole, px(EDGE + 2 * PILL + 22), whole, high)
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=_OPACITY, radius=16)
    icon, _ = AREAS[told.kind.area]
    canvas.icon(icon, Box(px(20), 0, px(36), canvas.whole.height), AMBER)
    canvas.text(remedy, Box(px(72), 0, across + px(8), canvas.whole.height), style)
    return _done(canvas, box)


@lru_cache(maxsize=16)
def _remedy(worst: Problem, telephone: str, size: tuple[int, int], locale: str) -> Patch:
    """What to do about the worst problem, below its name, and whom to call."""
    grid, texts = Grid(*size), languages(locale)
    px, probe = grid.px, Canvas(grid, Image.new("L", (1, 1)))
    style = Style(36, rise=0.5, lines=2)
    max_width = round(grid.width * 0.56)
    remedy = texts.first(worst.kind.remedy)
    found = probe.fitted(remedy, style, max_width)
    across = 2 + max(width(line, style.weight, found.px) for line in found.lines)
    bold = Style(36, Weight.BOLD, AMBER, rise=0.5)
    called = probe.fitted(telephone, bold, max_width)
    across = max(across, *(2 + width(line, bold.weight, called.px) for line in called.lines), 0)
    whole = px(76) + across + px(24)
    upper = probe.line_height(36, len(found.lines)) + px(8)
    high = upper + (probe.line_height(36) if telephone else 0)
    box = Box(grid.width - px(EDGE) - whole, px(EDGE + 2 * PILL + 22), whole, high)
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=0.94, radius=16)
    canvas.icon("warning", Box(px(20), 0, px(40), upper), AMBER)
    canvas.text(remedy, Box(px(76), 0, across + px(10), upper), style)
    if telephone:
        below = canvas.whole.height - upper
        canvas.icon("phone", Box(px(20), upper, px(40), below), AMBER)
        canvas.text(telephone, Box(px(76), upper, across + px(10), below), bold)
    return _done(canvas, box)


@lru_cache(maxsize=16)
def _by_hand(shown: Sign, size: tuple[int, int], locale: str) -> Patch:
    """What the gesture that leaves a meeting would do now, in the middle."""
    grid = Grid(*size)
    wide, high = grid.px(900), grid.px(210)
    box = Box((grid.width - wide) // 2, grid.px(300), wide, high)
    canvas = _patch(grid, box, GROUND)
    canvas.plate(GROUND, opacity=0.94, radius=24)
    by_hand_sign(canvas, canvas.whole, shown, languages(locale).first)
    return _done(canvas, box)


@lru_cache(maxsize=8)
def _frame(live: bool, size: tuple[int, int]) -> tuple[Patch, ...]:
    """Four thin strips around the self-view: green while this site is heard."""
    grid, view = Grid(*size), self_view(size)
    wide = max(2, grid.px(5 if live else 3) // 2 * 2)
    colour = (*(GREEN if live else WHITE), 255 if live else 190)
    tall = view.height + 2 * wide
    return tuple(
        Patch(x, y, Image.new("RGBA", (across, down), colour))
        for x, y, across, down in (
            (view.x - wide, view.y - wide, wide, tall),
            (view.right, view.y - wide, wide, tall),
            (view.x, view.y - wide, view.width, wide),
            (view.x, view.bottom, view.width, wide),
        )
    )
