"""Colours and the ground of the TV: calm and dark, so that white letters carry five metres."""

from functools import lru_cache

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
MUTED: Colour = (176, 203, 219)
"""The second language and what may be overlooked; 8:1 against the ground."""
GROUND: Colour = (8, 27, 51)
TEAL: Colour = (64, 205, 196)
BLUE: Colour = (92, 172, 255)
GREEN: Colour = (52, 199, 112)
DEEP_GREEN: Colour = (15, 125, 66)
AMBER: Colour = (255, 186, 56)
RED: Colour = (255, 98, 88)
DEEP_RED: Colour = (176, 32, 38)

_TOP_LEFT = np.array((10.0, 34.0, 66.0))
_BOTTOM_RIGHT = np.array((9.0, 66.0, 80.0))
_GLOW = np.array((22.0, 34.0, 38.0))


@lru_cache(maxsize=4)
def ground(width: int, height: int) -> Image.Image:
    """The gradient behind every face, dithered so that no TV shows bands; do not draw on it."""
    x = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :, None]
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    slope = 0.55 * x + 0.45 * y
    glow = np.exp(-(((x - 0.82) / 0.5) ** 2 + ((y - 0.05) / 0.55) ** 2))
    picture = _TOP_LEFT + (_BOTTOM_RIGHT - _TOP_LEFT) * slope + _GLOW * glow
    noise = np.random.default_rng(7).random((height, width, 1), dtype=np.float32)
    return Image.fromarray((picture + noise).astype(np.uint8))
