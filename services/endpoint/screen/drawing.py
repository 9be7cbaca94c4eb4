"""Draws a whole scene: which layout belongs to which screen."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from appliance.core.scenes import Scene
from appliance.core.screen_texts import Screen
from services.endpoint.screen.by_hand import by_hand
from services.endpoint.screen.checklist import checklist
from services.endpoint.screen.claim import claim
from services.endpoint.screen.farewell import farewell
from services.endpoint.screen.languages import Languages, languages
from services.endpoint.screen.layouts import centre, message, next_meeting, waiting
from services.endpoint.screen.margins import margins
from services.endpoint.screen.overlay import overlay
from services.endpoint.screen.paint.canvas import Canvas, Drawn
from services.endpoint.screen.paint.geometry import Grid
from services.endpoint.screen.paint.look import ground
from services.endpoint.screen.rescue import rescue

Layout = Callable[[Canvas, Scene, Languages], None]

LAYOUTS: dict[Screen, Layout] = {
    Screen.STARTING: centre,
    Screen.IDLE: next_meeting,
    Screen.UPCOMING: next_meeting,
    Screen.JOINING: message,
    Screen.IN_MEETING: waiting,
    Screen.REJOINING: message,
    Screen.LEAVING: message,
    Screen.LEFT: message,
    Screen.NOT_OPEN: message,
    Screen.ENDED: farewell,
    Screen.ENDED_BY_CHAIR: farewell,
    Screen.CANCELLED: farewell,
    Screen.MOVED: farewell,
    Screen.STATUS: checklist,
    Screen.SELFTEST: checklist,
    Screen.MARGINS: margins,
    Screen.NO_NETWORK: message,
    Screen.NO_AGENDA: message,
    Screen.CLOCK_UNTRUSTED: message,
    Screen.NO_ADDRESS: message,
    Screen.TOO_SLOW: message,
    Screen.CLAIM: claim,
    Screen.BY_HAND: by_hand,
    Screen.NAME_CARD: centre,
    Screen.RESCUE: rescue,
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """An RGB picture and the list of what stands on it."""

    image: Image.Image
    drawn: tuple[Drawn, ...]


def draw(scene: Scene, size: tuple[int, int] = (1280, 720), locale: str = "vi") -> Drawing:
    """The whole picture of `scene` in `size` (width, height).

    In a meeting it is what stands there until the far picture comes, with the overlay's patches
    already on it. Raises `FontMissingError` where the system lacks the fonts.
    """
    canvas = Canvas(Grid(*size), ground(*size).copy())
    layout = LAYOUTS[scene.screen]
    if scene.screen is Screen.IDLE and scene.meeting is None:
        layout = message
    layout(canvas, scene, languages(locale))
    drawn = list(canvas.drawn)
    if scene.screen is Screen.IN_MEETING:
        for patch in overlay(scene, size, locale, signed=False):
            canvas.image.paste(patch.image, (patch.x, patch.y), patch.image)
            drawn.extend(patch.drawn)
    return Drawing(canvas.image, tuple(drawn))
