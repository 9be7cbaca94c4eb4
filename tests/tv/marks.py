"""Numbers that a picture carries in its pixels and bursts in its sound, to be read back outside."""

import numpy as np
from numpy.typing import NDArray

BITS = 12
RATE = 48_000
_THRESHOLD = 3000
BURST = 0.010


def stamp(picture: NDArray[np.uint8], number: int) -> None:
    """Write `number` (below 2^12) into the left edge of an I420 (height * 3 // 2, width) picture.

    Rows of black and white fields from top to bottom, each followed by its opposite, in Gray code:
    a picture caught half drawn is never taken for another number than the last or the next.
    """
    number ^= number >> 1
    height = picture.shape[0] * 2 // 3
    field = height // (2 * BITS)
    for bit in range(BITS):
        level = 235 if number >> bit & 1 else 16
        top = 2 * bit * field
        picture[top : top + field, :64] = level
        picture[top + field : top + 2 * field, :64] = 251 - level


def read_stamp(screen: NDArray[np.uint8]) -> int | None:
    """The number on a (height, width, 3 or 4) screen; None when no whole one is there."""
    height = screen.shape[0]
    field = height // (2 * BITS)
    levels = screen[field // 2 : field * 2 * BITS : field, 32, 1] > 127
    ones, opposites = levels[0::2], levels[1::2]
    if (ones == opposites).any():
        return None
    # From Gray code: each bit is the parity of all that are not lower.
    return sum(1 << bit for bit in range(BITS) if ones[bit:].sum() % 2)


def burst(seconds: float = BURST) -> NDArray[np.int16]:
    """(samples, 2) s16: a loud 2 kHz tone that begins at once."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = (20_000 * np.cos(2 * np.pi * 2000 * time)).astype(np.int16)
    return np.repeat(wave[:, None], 2, axis=1)


def onset(pcm: NDArray[np.int16]) -> int | None:
    """Index of the first loud sample of (samples, channels) s16."""
    loud = np.flatnonzero(np.abs(pcm[:, 0].astype(np.int32)) > _THRESHOLD)
    return int(loud[0]) if len(loud) else None
