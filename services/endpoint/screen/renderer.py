"""Renders for the display: whole scenes, and the signs that lie over the far picture."""

from collections.abc import Callable
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.core.scenes import Scene, Screen, name_card
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
        self._scene_margin = _Margin(size)
        self._call_margin = _Margin(size)
        self._layers: tuple[Layer, ...] = ()
        self._corner = self_view(size)

    def draw_scene(self, scene: Scene) -> I420:
        """A scene that fills the TV."""
        self._scene_canvas.scene(draw(scene, self._size, self._locale).image)
        # The page by which the margin is found lies on all that the TV has.
        self._scene_margin.percent = 0 if scene.screen is Screen.MARGINS else scene.margin
        return self._scene_margin.around(self._scene_canvas.picture)

    def with_self_view(self) -> I420:
        """The scene drawn last, with the newest self-view in its corner."""
        self._draw_self_view(self._scene_canvas)
        return self._scene_margin.around(self._scene_canvas.picture)

    def prepare_signs(self, scene: Scene) -> None:
        """Draw the signs of this scene, which `compose` lays over the far picture from now on."""
        self._layers = tuple(
            Layer(patch.image, patch.x, patch.y)
            for patch in overlay(scene, self._size, self._locale)
        )
        self._call_margin.percent = scene.margin

    def compose(self, frame: Any) -> I420:
        """The far picture with self-view and signs."""
        self._call_canvas.far(frame)
        self._draw_self_view(self._call_canvas)
        self._call_canvas.draw(self._layers)
        return self._call_margin.around(self._call_canvas.picture)

    def _draw_self_view(self, canvas: Canvas) -> None:
        small = self._preview()
        if small is not None:
            canvas.inset(small, self._corner.x, self._corner.y)


class _Margin:
    """Makes finished pictures smaller, on black, for a TV that cuts its edges off."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.percent = 0
        self._outer = Canvas(size)

    def around(self, picture: I420) -> I420:
        """The picture with the margin in force; the very same one where there is none."""
        if not self.percent:
            return picture
        if self._outer.margin != self.percent:
            self._outer = Canvas(self._outer.size, self.percent)
        self._outer.far(av.VideoFrame.from_ndarray(picture, format="yuv420p"))
        return self._outer.picture


def draw_name_card(site: str, size: tuple[int, int], locale: str) -> NDArray[np.uint8]:
    """What the far end sees of a site without a camera: (height, width, 3) RGB."""
    return np.asarray(draw(name_card(site), size, locale).image)
