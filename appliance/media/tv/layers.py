"""Drawings over the picture: RGBA patches, converted once into YUV pieces that blend quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I420 = U8
"""(height * 3 // 2, width): Y, then U and V; both sides even."""

_BAND = 16
"""Rows that are blended together: transparent ones cost nothing, opaque ones one copy."""

# ITU-R BT.601, studio swing, in 1/65536: what swscale assumes of pictures that do not say
# otherwise, on the way in (far frames, scenes) and on the way out (VLC to RGB).
_TO_YUV = np.array(
    [[16829, 33039, 6416], [-9714, -19070, 28784], [28784, -24103, -4681]], np.float32
) / np.float32(65536)
_OFFSET = np.array([16, 128, 128], np.float32)


class Planes:
    """The Y, U and V planes of an I420 array, as views."""

    def __init__(self, picture: I420) -> None:
        """`picture`: C-contiguous."""
        rows, width = picture.shape
        height = rows * 2 // 3
        if rows * 2 != height * 3 or width % 2 or height % 2 or not picture.flags.c_contiguous:
            raise ValueError(f"{picture.shape}: not an I420 picture of even width and height")
        flat = picture.reshape(-1)
        area = width * height
        self.width, self.height = width, height
        self.y: U8 = flat[:area].reshape(height, width)
        self.u: U8 = flat[area : area * 5 // 4].reshape(height // 2, width // 2)
        self.v: U8 = flat[area * 5 // 4 :].reshape(height // 2, width // 2)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of one plane: `drawn` is premultiplied; `shown` is 256ths of what is below, or None
    where nothing of it is seen.
    """

    plane: int
    rows: slice
    columns: slice
    drawn: U8
    shown: U16 | None


class Layer:
    """An RGBA drawing at a fixed place of the canvas.

    Converted once; `draw` touches only what is not transparent.
    """

    def __init__(self, drawing: U8 | Image.Image, x: int = 0, y: int = 0) -> None:
        """`drawing`: (height, width, 4) uint8, straight alpha, or a Pillow image in mode RGBA.

        `x`, `y`: its upper left corner, not negative. Raises ValueError for another shape.
        """
        rgba = np.asarray(drawing)
        if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8:
            raise ValueError(f"drawing {rgba.shape} {rgba.dtype}: want (height, width, 4) uint8")
        if min(x, y) < 0:
            raise ValueError(f"layer at {x}, {y}: outside of the canvas")
        height, width = rgba.shape[:2]
        # Chroma has half the points: the patch grows to even corners with transparent edges.
        padding = ((y % 2, (y + height) % 2), (x % 2, (x + width) % 2), (0, 0))
        rgba = np.pad(rgba, padding)
        self.x, self.y = x - x % 2, y - y % 2
        self.height, self.width = rgba.shape[:2]
        self._pieces = tuple(_pieces(rgba, self.x, self.y))

    def draw(self, canvas: Planes) -> None:
        """Blend onto the canvas. Raises ValueError when the layer does not fit into it."""
        if self.x + self.width > canvas.width or self.y + self.height > canvas.height:
            raise ValueError(
                f"layer {self.width}x{self.height} at {self.x}, {self.y} does not fit into"
                f" {canvas.width}x{canvas.height}"
            )
        planes = (canvas.y, canvas.u, canvas.v)
        for piece in self._pieces:
            target = planes[piece.plane][piece.rows, piece.columns]
            if piece.shown is None:
                target[...] = piece.drawn
                continue
            below = target * piece.shown  # uint16: 255 * 256 fits
            below >>= 8
            np.add(below, piece.drawn, out=target, casting="unsafe")


def _pieces(rgba: U8, x: int, y: int) -> list[_Piece]:
    alpha = rgba[:, :, 3].astype(np.float32) / np.float32(255)
    yuv = rgba[:, :, :3].astype(np.float32) @ _TO_YUV.T + _OFFSET
    yuv *= alpha[:, :, None]
    small_alpha = _halved(alpha)
    planes = ((yuv[:, :, 0], alpha), (_halved(yuv[:, :, 1]), small_alpha))
    found = []
    for plane, (values, cover) in enumerate((*planes, (_halved(yuv[:, :, 2]), small_alpha))):
        step = 1 if plane == 0 else 2
        for top, bottom in _bands(cover, _BAND // step):
            columns = np.flatnonzero(cover[top:bottom].any(axis=0))
            left, right = int(columns[0]), int(columns[-1]) + 1
            part = cover[top:bottom, left:right]
            # Rounded so that drawn + below never exceeds 255.
            drawn = (values[top:bottom, left:right] + 0.5).astype(np.uint8)
            shown = np.ceil((1 - part) * 256).astype(np.uint16)
            shown = np.minimum(shown, (255 - drawn.astype(np.uint16)) * 256 // 255 + (part == 0))
            found.append(
                _Piece(
                    plane,
                    slice(y // step + top, y // step + bottom),
                    slice(x // step + left, x // step + right),
                    drawn,
                    None if (part == 1).all() else shown,
                )
            )
    return found


def _bands(cover: NDArray[np.float32], rows: int) -> list[tuple[int, int]]:
    """Runs of row bands that are alike: (top, bottom) of those that are not transparent."""
    found: list[tuple[int, int, bool]] = []
    for top in range(0, len(cover), rows):
        band = cover[top : top + rows]
        if not band.any():
            continue
        bottom, opaque = top + len(band), bool((band == 1).all())
        if found and found[-1][1] == top and found[-1][2] == opaque:
            found[-1] = (found[-1][0], bottom, opaque)
        else:
            found.append((top, bottom, opaque))
    return [(top, bottom) for top, bottom, _ in found]


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of two by two points."""
    rows, columns = plane.shape
    halved: NDArray[np.float32] = plane.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    return halved
