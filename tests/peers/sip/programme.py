"""What a scripted MCU shows and plays: one track whose source can be another from one moment on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from tests.dialers.sites import SPAN
from tests.media.local_tracks import NumberedVideo, Tone

STEP = 960  # ticks of 48 kHz in a block of sound
GAP_S = 0.2


class Shown(StrEnum):
    """What is on: the voice of the entry queue, the conference, or its slides."""

    QUEUE = "queue"
    PEOPLE = "people"
    SLIDES = "slides"


@dataclass(frozen=True, slots=True)
class Show:
    """Makes a fresh track for each call and each thing shown; blocks of sound have 20 ms."""

    picture: Callable[[Shown], MediaStreamTrack]
    sound: Callable[[Shown], MediaStreamTrack]


SITES = {Shown.PEOPLE: 2, Shown.QUEUE: 3, Shown.SLIDES: 4}
"""The number by which tests.dialers.sites knows each picture and tone."""
NUMBERED = Show(
    lambda shown: NumberedVideo(first=SITES[shown] * SPAN),
    lambda shown: Tone(hertz=SITES[shown] * 400.0),
)


class Programme(MediaStreamTrack):
    """Gives what its source gives, dated anew: sources come and go, an RTP clock runs on."""

    def __init__(self, kind: str, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = kind
        self._source = source
        self._next = 0

    def choose(self, source: MediaStreamTrack) -> None:
        """From now on this source."""
        if source is not self._source:
            self._source.stop()
            self._source = source
            self.request_keyframe()

    async def recv(self) -> "Packet[Any] | av.AudioFrame":
        source: MediaStreamTrack | None = None
        while source is not self._source:
            source = self._source
            try:
                block: Any = await source.recv()
            except MediaStreamError:
                if source is self._source:
                    raise
        now = time.monotonic()
        if self.kind == "video":
            block.pts, block.time_base = round(now * 90000), Fraction(1, 90000)
            return block  # type: ignore[no-any-return]
        if abs(self._next / 48000 - now) > GAP_S:
            self._next = round(now * 48000)
        block.pts, block.time_base = self._next, Fraction(1, 48000)
        self._next += STEP
        return block  # type: ignore[no-any-return]

    def request_keyframe(self) -> None:
        """Whoever makes the picture is asked."""
        ask = getattr(self._source, "request_keyframe", None)
        if ask is not None:
            ask()

    def stop(self) -> None:
        super().stop()
        self._source.stop()
