"""Draws for the stage: whole scenes, and the signs that lie over the far picture."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from appliance.core.scenes import Scene
from appliance.media.tv.compositor import I420, Canvas, Layer
from services.endpoint.screen.drawing import draw
from services.endpoint.screen.overlay import overlay, self_view


class SceneRenderer:
    """Two canvases of the TV's size: scenes are drawn in a thread while the far picture moves.

    `inset` gives the newest self-view as I420 of its own size, or None.
    """

    def __init__(
        self, size: tuple[int, int], locale: str, inset: Callable[[], I420 | None]
    ) -> None:
        self._size = size
        self._locale = locale
        self._inset = inset
        self._scene_canvas = Canvas(size)
        self._call_canvas = Canvas(size)
        self._layers: tuple[Layer, ...] = ()
        self._corner = self_view(size)

    def whole(self, scene: Scene) -> I420:
        """A scene that fills the TV."""
        self._scene_canvas.scene(draw(scene, self._size, self._locale).image)
        return self._scene_canvas.picture

    def mirror(self) -> I420:
        """The scene drawn last, with the newest self-view in its corner."""
        self._look_at_ourselves(self._scene_canvas)
        return self._scene_canvas.picture

    def signs(self, scene: Scene) -> None:
        """Prepare the signs of this scene."""
        self._layers = tuple(
            Layer(patch.image, patch.x, patch.y)
            for patch in overlay(scene, self._size, self._locale)
        )

    def over(self, frame: Any) -> I420:
        """The far picture with self-view and signs."""
        self._call_canvas.far(frame)
        self._look_at_ourselves(self._call_canvas)
        self._call_canvas.draw(self._layers)
        return self._call_canvas.picture

    def _look_at_ourselves(self, canvas: Canvas) -> None:
        small = self._inset()
        if small is not None:
            canvas.inset(small, self._corner.x, self._corner.y)


def card(scene: Scene, size: tuple[int, int], locale: str) -> Image.Image:
    """The name card, for the near end."""
    return draw(scene, size, locale).image
