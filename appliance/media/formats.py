"""Sizes, clocks and codecs that the near end works with, and which encoder a board has."""

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

SOFTWARE_ENCODER = "libx264"

H264_ENCODERS = {
    # bcm2835-codec takes 720p30 in hardware
    "raspberrypi,3": ("h264_v4l2m2m", SOFTWARE_ENCODER),
    "raspberrypi,4": ("h264_v4l2m2m", SOFTWARE_ENCODER),
    # BCM2712 has no H.264 encoder any more
    "raspberrypi,5": (SOFTWARE_ENCODER,),
}
"""FFmpeg encoder names to try in turn, by the beginning of the board's device-tree name."""


def encoders_for(board: str) -> tuple[str, ...]:
    """FFmpeg encoder names to try in turn on a board (a device-tree ``compatible`` name)."""
    for prefix, names in H264_ENCODERS.items():
        if board.startswith(prefix):
            return names
    return (SOFTWARE_ENCODER,)


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
