"""The gesture that leaves a meeting or comes back, as the TV says it: alone, and over a meeting."""

from appliance.base.texts import Texts
from appliance.core.by_hand import Direction, Sign, Step
from appliance.core.scenes import Scene
from appliance.core.screen_texts import BY_HAND_WORDS
from services.endpoint.screen.languages import Languages
from services.endpoint.screen.page_parts import body, head
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import AMBER, MUTED, TEAL, WHITE


def by_hand(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """The whole picture, where no far picture is below: the sign, and the second language."""
    head(canvas, scene, texts)
    place, px = body(canvas), canvas.grid.px
    if scene.by_hand is None:
        return
    card = Box(place.x, place.y + px(30), place.width, px(230))
    canvas.panel(card, WHITE, opacity=0.075, radius=24)
    by_hand_sign(canvas, card, scene.by_hand, texts.first)
    y = card.bottom + px(30)
    for line in (scene.words.headline, *scene.words.steps):
        row = Box(place.x, y, place.width, canvas.line_height(36))
        canvas.text(texts.second(line), row, Style(36, colour=MUTED, align=0.5))
        y = row.bottom


def by_hand_sign(canvas: Canvas, place: Box, sign: Sign, texts: Texts) -> None:
    """On the left the seconds or an icon, on the right what would happen, in one language."""
    px, words = canvas.grid.px, BY_HAND_WORDS[sign.step, sign.direction]
    colour = AMBER if sign.direction is Direction.LEAVE else TEAL
    left = Box(place.x + px(24), place.y, px(130), place.height)
    if sign.seconds is not None:
        large = Style(110, Weight.BOLD, colour, align=0.5, rise=0.5)
        canvas.text(str(sign.seconds), left, large)
    else:
        canvas.icon("button" if sign.step is Step.LET_GO else "leave", left.inset(px(20)), colour)
    x = left.right + px(26)
    room = Box(x, place.y + px(14), place.right - px(24) - x, place.height - px(28))
    first, below = canvas.line_height(54), canvas.line_height(38)
    y = room.y + (room.height - first - below * len(words.steps)) // 2
    canvas.text(texts(words.headline), Box(x, y, room.width, first), Style(54, Weight.BOLD))
    y += first
    for step in words.steps:
        canvas.text(texts(step), Box(x, y, room.width, below), Style(38))
        y += below
