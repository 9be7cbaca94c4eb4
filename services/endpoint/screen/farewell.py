"""What became of a meeting: ended, cancelled or moved, and what comes next."""

from appliance.core.scenes import Scene
from services.endpoint.screen.languages import Languages, day_and_time
from services.endpoint.screen.layouts import icon_headline, next_line
from services.endpoint.screen.page_parts import body, foot, head
from services.endpoint.screen.paint.canvas import Canvas, Style
from services.endpoint.screen.paint.fonts import Weight
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.paint.look import MUTED, TEAL, WHITE


def farewell(canvas: Canvas, scene: Scene, texts: Languages) -> None:
    """The headline, the meeting that it is about with its time, and the next one below."""
    head(canvas, scene, texts)
    place, px = body(canvas), canvas.grid.px
    band = icon_headline(canvas, scene, texts, place)
    lower = Box(place.x, place.bottom - px(64), place.width, px(64))
    card = Box(place.x, band.bottom + px(14), place.width, lower.y - px(10) - band.bottom - px(14))
    canvas.panel(card, WHITE, opacity=0.075, radius=24)
    inner = card.inset(px(30), px(12))
    if scene.gone is not None:
        time = Box(inner.x, inner.bottom - px(56), inner.width, px(56))
        title = Box(inner.x, inner.y, inner.width, time.y - inner.y)
        canvas.text(scene.gone.title, title, Style(48, Weight.BOLD, rise=0.5, lines=2))
        begins = day_and_time(texts.first, scene.gone.begin, scene.clock)
        canvas.text(begins, time, Style(40, Weight.BOLD, TEAL, rise=0.5))
    coming = next_line(scene, texts) or texts.first(scene.words.explanation)
    canvas.text(
        coming, lower, Style(38, colour=MUTED if scene.meeting is None else WHITE, rise=0.5)
    )
    foot(canvas, scene, texts)
