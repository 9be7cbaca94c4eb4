"""A device's damaged buffers: each is skipped, many are told, and only damage makes it absent.

A USB camera loses a transfer now and then, on a long cable often, and some begin with buffers that
hold nothing. One of them is no reason to close the device.
"""

from __future__ import annotations

import logging
from collections import deque

from appliance.media.capture.sources import DeviceGoneError

log = logging.getLogger(__name__)

MAX_BAD_S = 4.0
"""Without one good picture for so long the device is opened anew: at 5 pictures a second these are
twenty."""
WINDOW_S = 10.0
"""Of what damage is many counted in."""
MANY_SHARE = 0.1
"""Of the pictures of the window; people see less than that as a flicker at most."""
MIN_BAD = 5
"""In the window; some cameras spoil their first two or three each time they are opened."""


class DamageCount:
    """Counts good and damaged pictures of one device; the reader's thread counts, others ask."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, list[int]]] = deque(maxlen=round(WINDOW_S))
        self._good_at = 0.0

    def begin(self, now: float) -> None:
        """The device has been opened."""
        self._good_at = now

    def good(self, now: float) -> None:
        """A picture that can be shown came."""
        self._good_at = now
        self._count(0, now)

    def bad(self, reason: str, now: float) -> None:
        """A damaged one came; raises DeviceGoneError after MAX_BAD_S without a good one."""
        self._count(1, now)
        log.debug("camera: a damaged picture is skipped: %s", reason)
        if now - self._good_at > MAX_BAD_S:
            raise DeviceGoneError(f"no good picture for {MAX_BAD_S:g} s; the last: {reason}")

    def many(self, now: float) -> bool:
        """Whether many of the last seconds' pictures were damaged."""
        recent = [counts for second, counts in list(self._seconds) if now - second <= WINDOW_S]
        good, bad = (sum(counts[kind] for counts in recent) for kind in (0, 1))
        return bad >= MIN_BAD and bad >= MANY_SHARE * (good + bad)

    def _count(self, kind: int, now: float) -> None:
        if not self._seconds or self._seconds[-1][0] != int(now):
            self._seconds.append((int(now), [0, 0]))
        self._seconds[-1][1][kind] += 1


class JpegEnds:
    """Tells JPEG pictures that are cut off, of a camera that otherwise ends each with its marker.

    A decoder shows what there is, and grey below it. Some cameras never write the marker.
    """

    def __init__(self) -> None:
        self._ends = False

    def is_cut(self, data: bytes) -> bool:
        """Whether the end-of-image marker (ITU-T T.81 section B.1.1.3) is missing."""
        ends = data.rstrip(b"\0")[-2:] == b"\xff\xd9"
        self._ends = self._ends or ends
        return self._ends and not ends
