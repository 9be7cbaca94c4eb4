"""Makes a far end's picture what it shows: square pixels, and upright.

A telephone that is held upright sends its camera's picture lying and says how to turn it (3GPP TS
26.114 section 7.4.5); CIF and 4CIF of room systems have pixels that are not square (ITU-T H.264
annex E, sample aspect ratio), so that people are a third too narrow.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

TURNS = 0b11  # quarters of a turn, clockwise
FLIP = 0b100  # mirrored from left to right, before it is turned
MIN_ASPECT, MAX_ASPECT = Fraction(1, 4), Fraction(4)
"""Of a pixel. ITU-T H.264 table E-1 has 10:11 to 8:3; a far end may write down any two numbers."""


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size at which a picture's pixels are square, never smaller, even; `aspect` is a pixel's
    width by its height, None where nothing is said."""
    if aspect is None or not MIN_ASPECT <= aspect <= MAX_ASPECT or aspect == 1:
        return width, height
    if aspect > 1:
        return round(width * aspect / 2) * 2, height
    return width, round(height / aspect / 2) * 2


def turned(frame: av.VideoFrame, orientation: int) -> av.VideoFrame:
    """A yuv420p picture as `orientation` (the extension's octet) wants it; keeps its `pts`."""
    turns, flip = orientation & TURNS, orientation & FLIP
    if not turns and not flip:
        return frame
    width, height = frame.width // 2 * 2, frame.height // 2 * 2
    if (width, height) != (frame.width, frame.height):
        pts = frame.pts
        frame = frame.reformat(width=width, height=height)
        frame.pts = pts
    packed = frame.to_ndarray()
    colours = packed[height:].reshape(2, height // 2, width // 2)
    planes = [packed[:height], *colours]
    upright = [np.rot90(np.fliplr(plane) if flip else plane, -turns) for plane in planes]
    columns = upright[0].shape[1]
    whole = np.concatenate([np.ascontiguousarray(plane).reshape(-1) for plane in upright])
    made = av.VideoFrame.from_ndarray(whole.reshape(-1, columns), format="yuv420p")
    made.pts, made.color_range = frame.pts, frame.color_range
    return made
