"""Repeats an H.264 stream's parameter sets before every keyframe (RFC 6184 section 8.4).

FFmpeg's V4L2 encoder asks its driver for the sequence and picture parameter sets once, at the
beginning. Whoever joins later, or lost that packet, could never decode.
"""

from __future__ import annotations

import re

START_CODE = b"\x00\x00\x00\x01"
ANY_START_CODE = re.compile(rb"\x00?\x00\x00\x01")
SLICE, IDR_SLICE, SPS, PPS = 1, 5, 7, 8


class ParameterSets:
    """Keeps the last parameter sets of one stream."""

    def __init__(self) -> None:
        self._kept: dict[int, bytes] = {}

    def repeat(self, unit: bytes, *, keyframe: bool) -> bytes:
        """An access unit (Annex B), with parameter sets before it where it is a keyframe; b"" where
        it holds no picture, only the sets."""
        parts = {part[0] & 0x1F: part for part in ANY_START_CODE.split(unit)[1:] if part}
        self._kept |= {kind: part for kind, part in parts.items() if kind in (SPS, PPS)}
        if SLICE not in parts and IDR_SLICE not in parts:
            return b""
        if not keyframe or {SPS, PPS} <= parts.keys():
            return unit
        # Both, in this order: a picture set that comes before its sequence set is of no use.
        return b"".join(START_CODE + part for _, part in sorted(self._kept.items())) + unit
