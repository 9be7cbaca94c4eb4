"""Picture sizes, and the clocks of picture and sound."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

VIDEO_CLOCK = 90_000
"""RTP clock of every video codec, Hz (RFC 6184 section 8.2.1)."""
VIDEO_TIME_BASE = Fraction(1, VIDEO_CLOCK)

AUDIO_RATE = 48_000
"""RTP clock of Opus, Hz (RFC 7587 section 4.1), and the rate of all sound inside the engine."""
AUDIO_TIME_BASE = Fraction(1, AUDIO_RATE)
BLOCK_S = 0.020
"""Length of one block of sound: what one Opus packet carries."""
BLOCK_SAMPLES = 960


class Size(NamedTuple):
    """Width and height of a picture in pixels, both even (I420 halves its colour planes)."""

    width: int
    height: int


class Area(NamedTuple):
    """A rectangle within a picture, in pixels, all even."""

    left: int
    top: int
    width: int
    height: int


SELF_VIEW = Size(320, 180)
"""Size of the small picture of oneself in the corner of the TV."""


def fit(inner: Size, outer: Size) -> Area:
    """The largest rectangle of inner's aspect that lies centred in outer; bars are left around.

    A bar thinner than two per cent is not worth a copy of the picture: then outer is filled.
    """
    scale = min(outer.width / inner.width, outer.height / inner.height)
    width, height = _even(inner.width * scale), _even(inner.height * scale)
    if outer.width - width <= outer.width * 0.02 and outer.height - height <= outer.height * 0.02:
        return Area(0, 0, outer.width, outer.height)
    width, height = min(width, outer.width), min(height, outer.height)
    left, top = (outer.width - width) // 4 * 2, (outer.height - height) // 4 * 2
    return Area(left, top, width, height)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
