"""Renders for the display: whole scenes, and the signs that lie over the far picture."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.core.scenes import Scene, name_card
from appliance.media.tv.compositor import I420, Canvas, Layer
from services.endpoint.screen.drawing import draw
from services.endpoint.screen.overlay import overlay, self_view


class SceneRenderer:
    """Two canvases of the TV's size: scenes are drawn in a thread while the far picture moves.

    `preview` gives the newest self-view as I420 of its own size, or None.
    """

    def __init__(
        self, size: tuple[int, int], locale: str, preview: Callable[[], I420 | None]
    ) -> None:
        self._size = size
        self._locale = locale
        self._preview = preview
        self._scene_canvas = Canvas(size)
        self._call_canvas = Canvas(size)
        self._layers: tuple[Layer, ...] = ()
        self._corner = self_view(size)

    def draw_scene(self, scene: Scene) -> I420:
        """A scene that fills the TV."""
        self._scene_canvas.scene(draw(scene, self._size, self._locale).image)
        return self._scene_canvas.picture

    def with_self_view(self) -> I420:
        """The scene drawn last, with the newest self-view in its corner."""
        self._draw_self_view(self._scene_canvas)
        return self._scene_canvas.picture

    def prepare_signs(self, scene: Scene) -> None:
        """Draw the signs of this scene, which `compose` lays over the far picture from now on."""
        self._layers = tuple(
            Layer(patch.image, patch.x, patch.y)
            for patch in overlay(scene, self._size, self._locale)
        )

    def compose(self, frame: Any) -> I420:
        """The far picture with self-view and signs."""
        self._call_canvas.far(frame)
        self._draw_self_view(self._call_canvas)
        self._call_canvas.draw(self._layers)
        return self._call_canvas.picture

    def _draw_self_view(self, canvas: Canvas) -> None:
        small = self._preview()
        if small is not None:
            canvas.inset(small, self._corner.x, self._corner.y)


def draw_name_card(site: str, size: tuple[int, int], locale: str) -> NDArray[np.uint8]:
    """What the far end sees of a site without a camera: (height, width, 3) RGB."""
    return np.asarray(draw(name_card(site), size, locale).image)
