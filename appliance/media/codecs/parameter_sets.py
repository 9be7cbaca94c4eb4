"""Keeps an H.264 stream's parameter sets, and repeats them before keyframes (RFC 6184 section 8.4).

FFmpeg's V4L2 encoder asks its driver for the sequence and picture parameter sets once, at the
beginning. Whoever joins later, or lost that packet, could never decode. Far ends do likewise: many
send them in the SDP only, or once.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from contextlib import suppress

from appliance.media.jitter.h264_payload import IDR_SLICE, PPS, SLICE, SPS, exp_golomb

START_CODE = b"\x00\x00\x00\x01"
ANY_START_CODE = re.compile(rb"\x00?\x00\x00\x01")
MAX_SETS = 32  # a stream has two, one with many picture sizes perhaps ten
MAX_SET_BYTES = 1_024  # with all scaling lists a set has less
_ID_BEHIND = {SPS: 4, PPS: 1}  # header, and a sequence set's profile, constraints and level


def signalled_sets(text: str) -> tuple[bytes, ...]:
    """The NAL units of an SDP's sprop-parameter-sets (RFC 6184 section 8.1); what is no base64 is
    left out."""
    found = []
    for word in map(str.strip, text.split(",")[:MAX_SETS]):
        if len(word) <= 2 * MAX_SET_BYTES:
            with suppress(ValueError):
                found.append(base64.b64decode(word + "=" * (-len(word) % 4), validate=True))
    return tuple(found)


class ParameterSets:
    """The newest parameter sets of one stream, one for each kind and id."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], bytes] = {}
        self._signalled: tuple[bytes, ...] = ()

    def signal(self, sets: Iterable[bytes]) -> None:
        """Take the sets of the signalling (sprop-parameter-sets); the same again change nothing."""
        sets = tuple(sets)
        if sets != self._signalled:
            self._signalled = sets
            self._keep(sets)

    def restart(self) -> None:
        """Another stream of the same call begins: its sets are the signalling's, if that named any.

        Otherwise the old ones stay: a far end that sends its sets once may change its SSRC.
        """
        if self._signalled:
            self._kept.clear()
            self._keep(self._signalled)

    def learn(self, unit: bytes) -> None:
        """Keep the sets in bytes of Annex B."""
        self._keep(ANY_START_CODE.split(unit)[1:])

    def repeat(self, unit: bytes, *, keyframe: bool) -> bytes:
        """An access unit (Annex B), with parameter sets before it where it is a keyframe; b"" where
        it holds no picture, only the sets."""
        parts = [part for part in ANY_START_CODE.split(unit)[1:] if part]
        self._keep(parts)
        if not any(part[0] & 0x1F in (SLICE, IDR_SLICE) for part in parts):
            return b""
        if not keyframe or set(self._kept.values()) <= set(parts):
            return unit
        # All, in this order: a picture set that comes before its sequence set is of no use.
        return b"".join(START_CODE + part for _, part in sorted(self._kept.items())) + unit

    def _keep(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            kind = part[0] & 0x1F if part else 0
            if kind not in (SPS, PPS) or len(part) > MAX_SET_BYTES:
                continue
            # -1: a set that is cut off, whose id nobody knows
            number = exp_golomb(part[_ID_BEHIND[kind] :][:8])
            self._kept[kind, -1 if number is None else number] = part
            if len(self._kept) > MAX_SETS:
                del self._kept[next(iter(self._kept))]
