"""The layout of a box that waits to be let in: its code, as large as the screen allows."""

from appliance.core.scenes import Scene
from services.endpoint.screen.languages import Languages
from services.endpoint.screen.layouts import headline_row
from services.endpoint.screen.page_parts import body, foot, head
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import MUTED, TEAL, WHITE


def claim(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """Headline, what to do, and the code: for the telephone's ear, and beside it for its camera."""
    head(canvas, scene, texts)
    place, px = body(canvas), canvas.grid.px
    beside = px(310) if scene.claim_link else 0
    left = Box(place.x, place.y, place.width - beside, place.height)
    y = headline_row(canvas, scene, texts, left) + px(8)
    for sentence, first in ((scene.words.explanation, 38), (scene.words.steps[0], 40)):
        upper = Box(left.x, y, left.width, canvas.line_height(first))
        lower = Box(left.x, upper.bottom, left.width, canvas.line_height(34))
        canvas.text(texts.first(sentence), upper, Style(first))
        canvas.text(texts.second(sentence), lower, Style(34, colour=MUTED))
        y = lower.bottom + px(6)
    if scene.claim_link:
        # As high as the words beside it: 7 pixels a module, read from two metres.
        canvas.code(scene.claim_link, Box(left.right, place.y, beside, y - px(6) - place.y))
    card = Box(place.x, y + px(4), place.width, place.bottom - y - px(4))
    canvas.panel(card, WHITE, opacity=0.075, radius=24)
    style = Style(104, Weight.BOLD, TEAL, align=0.5, rise=0.5)
    canvas.text(scene.claim, card, style)
    foot(canvas, scene, texts)
