"""Composes the TV's picture in I420: far picture or scene, then self-view, then drawings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from appliance.media.tv.layers import I420, U8, Layer, Planes

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["I420", "Canvas", "Layer", "fitted"]

_BLACK = (16, 128, 128)


def fitted(size: tuple[int, int], into: tuple[int, int]) -> tuple[int, int, int, int]:
    """(x, y, width, height), all even: the largest area of that aspect, centred in `into`."""
    scale = min(into[0] / size[0], into[1] / size[1])
    width, height = (max(2, round(side * scale) // 2 * 2) for side in size)
    return (into[0] - width) // 4 * 2, (into[1] - height) // 4 * 2, width, height


class Canvas:
    """One I420 picture of the TV's size, drawn anew for each frame into the same memory.

    Order: `far` or `scene` (they cover everything), then `inset`, then `draw`.
    """

    def __init__(self, size: tuple[int, int] = (1280, 720), margin: int = 0) -> None:
        """`size`: (width, height), both even; `margin`: percent of each side that `far` and `scene`
        leave black."""
        self.size = size
        self.margin = margin
        self.picture: I420 = np.empty((size[1] * 3 // 2, size[0]), np.uint8)
        self._planes = Planes(self.picture)
        self._reformatter = VideoReformatter()
        self.black()

    def black(self) -> None:
        """Fill the canvas with black, which also stands beside a picture of another aspect."""
        for plane, value in zip(self._all(), _BLACK, strict=True):
            plane[...] = value

    def far(self, frame: av.VideoFrame) -> None:
        """Draw a frame of any size and pixel format, as large as it fits, on black."""
        x, y, width, height = self._fitted(frame)
        plain = frame.format.name == "yuv420p" and frame.color_range != ColorRange.JPEG
        if not plain or (frame.width, frame.height) != (width, height):
            frame = self._reformatter.reformat(
                frame,
                width,
                height,
                "yuv420p",
                interpolation=Interpolation.FAST_BILINEAR,
                dst_color_range=ColorRange.MPEG,
            )
        self._place(frame, x, y, width, height)

    def scene(self, picture: U8 | Image.Image) -> None:
        """Draw an RGB picture: (height, width, 3) uint8, or a Pillow image in mode RGB."""
        rgb = np.ascontiguousarray(picture)
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError(f"scene {rgb.shape} {rgb.dtype}: want (height, width, 3) uint8")
        self.far(av.VideoFrame.from_ndarray(rgb, format="rgb24"))

    def inset(self, picture: I420, x: int, y: int) -> None:
        """Draw a small I420 picture, (height * 3 // 2, width) uint8, at even coordinates."""
        small = Planes(picture)
        if x % 2 or y % 2 or min(x, y) < 0:
            raise ValueError(f"inset at {x}, {y}: want even coordinates within the canvas")
        if x + small.width > self.size[0] or y + small.height > self.size[1]:
            raise ValueError(f"inset {small.width}x{small.height} at {x}, {y}: does not fit")
        self._planes.y[y : y + small.height, x : x + small.width] = small.y
        x, y, width, height = x // 2, y // 2, small.width // 2, small.height // 2
        self._planes.u[y : y + height, x : x + width] = small.u
        self._planes.v[y : y + height, x : x + width] = small.v

    def draw(self, layers: Iterable[Layer]) -> None:
        """Blend the drawings over what is there, in their order."""
        for layer in layers:
            layer.draw(self._planes)

    def _fitted(self, frame: av.VideoFrame) -> tuple[int, int, int, int]:
        left, top = (round(side * self.margin / 100) // 2 * 2 for side in self.size)
        inner = self.size[0] - 2 * left, self.size[1] - 2 * top
        x, y, width, height = fitted((frame.width, frame.height), inner)
        return left + x, top + y, width, height

    def _all(self) -> tuple[U8, U8, U8]:
        return self._planes.y, self._planes.u, self._planes.v

    def _place(self, frame: av.VideoFrame, x: int, y: int, width: int, height: int) -> None:
        whole = (width, height) == self.size
        if not whole:
            # Insets and drawings of the last picture may lie on the black beside the frame.
            self._blacken_around(x, y, width, height)
        for number, (plane, target) in enumerate(zip(frame.planes, self._all(), strict=True)):
            step = 1 if number == 0 else 2
            source = np.frombuffer(memoryview(plane), np.uint8).reshape(
                plane.height, plane.line_size
            )
            part = target[
                y // step : (y + height) // step,
                x // step : (x + width) // step,
            ]
            part[...] = source[:, : plane.width]

    def _blacken_around(self, x: int, y: int, width: int, height: int) -> None:
        for number, (plane, value) in enumerate(zip(self._all(), _BLACK, strict=True)):
            step = 1 if number == 0 else 2
            top, bottom = y // step, (y + height) // step
            plane[:top] = plane[bottom:] = value
            plane[top:bottom, : x // step] = plane[top:bottom, (x + width) // step :] = value
