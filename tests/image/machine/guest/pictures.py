"""Compares what the TV shows with what was drawn."""

import numpy as np
from PIL import Image


def far(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures of one size, of 255 levels."""
    both = [np.asarray(picture.convert("RGB"), dtype=float) for picture in (one, other)]
    return float(np.abs(both[0] - both[1]).mean())
