"""Tells a camera that gives no picture, though it gives frames: a closed cover, a dead sensor."""

import numpy as np
from numpy.typing import NDArray

BLANK_S = 15.0
"""A hand before the lens, or a light that is switched on, is over sooner."""
FLAT_LEVELS = 3.0
"""Standard deviation of the luma, of 0 to 255: what a uniform frame has, its noise included. The
stillest wall in daylight has more, by the lens's own fall of light towards its corners."""
DARK_LEVEL = 45
"""The 99th percentile of the luma (black is 16): behind a cover nothing is brighter, noise
included. Whoever sits in such a room does not see his own paper."""


def is_blank(picture: NDArray[np.uint8]) -> bool:
    """Whether an I420 picture, (height * 3 // 2, width) uint8, shows nothing at all."""
    luma = picture[: picture.shape[0] * 2 // 3]
    return float(luma.std()) < FLAT_LEVELS or float(np.percentile(luma, 99)) < DARK_LEVEL


class BlankPicture:
    """Remembers since when nothing was to be seen; times are monotonic seconds."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._until = 0.0

    def see(self, picture: NDArray[np.uint8], now: float) -> None:
        """The camera's picture at `now`, I420 of any size."""
        if not is_blank(picture):
            self._since = None
        elif self._since is None:
            self._since = now
        self._until = now

    def forget(self) -> None:
        """The camera is closed, or away: nothing is known of its picture."""
        self._since = None

    @property
    def lasts(self) -> bool:
        """Whether nothing was to be seen for `BLANK_S`."""
        return self._since is not None and self._until - self._since >= BLANK_S
