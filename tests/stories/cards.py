"""Media for stories: a grey card a second, and sound that is thin unless keys are pressed."""

import asyncio
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet
from av.video.frame import PictureType

from tests.peers.sip.programme import Show, Shown

GREYS = {Shown.QUEUE: 60, Shown.PEOPLE: 120, Shown.SLIDES: 200}
OURS = 30
CARD_S = 1.0
THIN_S = 120.0
DENSE_S = 20.0
"""So long after a call began sound goes as in earnest: an entry queue wants keys."""


@lru_cache
def card(grey: int) -> bytes:
    """A keyframe in H.264 of one grey, 64 by 48."""
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = 64, 48, "yuv420p"
    codec.time_base = Fraction(1, 25)
    codec.options = {"preset": "ultrafast", "tune": "zerolatency"}
    codec.profile = "Baseline"
    picture = np.full((72, 64), grey, np.uint8)
    picture[48:] = 128
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    frame.pts, frame.pict_type = 0, PictureType.I
    (packet,) = codec.encode(frame)
    return bytes(packet)


def seen(frame: Any) -> Shown | None:
    """What a picture from the MCU shows."""
    if frame is None:
        return None
    grey = float(frame.to_ndarray()[:48].mean())
    return next((shown for shown, known in GREYS.items() if abs(known - grey) < 12), None)


class Card(MediaStreamTrack):
    """One grey for as long as it lives."""

    kind = "video"

    def __init__(self, grey: int) -> None:
        super().__init__()
        self._data = card(grey)

    async def recv(self) -> "Packet[Any]":
        await asyncio.sleep(CARD_S)
        if self.readyState != "live":
            raise MediaStreamError
        packet = av.Packet(self._data)
        now = asyncio.get_running_loop().time()
        packet.pts, packet.time_base = round(now * 90000), Fraction(1, 90000)
        return packet


class Hum(MediaStreamTrack):
    """Blocks of 20 ms: fifty a second in a call's first seconds and while ``dense``, else few."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._dense = asyncio.Event()
        self._dense_until = asyncio.get_running_loop().time() + DENSE_S

    def dense(self, dense: bool) -> None:
        """From now on as in earnest, or not."""
        (self._dense.set if dense else self._dense.clear)()

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        if self._dense.is_set() or loop.time() < self._dense_until:
            await asyncio.sleep(0.02)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(THIN_S):
                    await self._dense.wait()
        if self.readyState != "live":
            raise MediaStreamError
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1920), np.int16), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = round(loop.time() * 48000)
        return frame


CARDS = Show(lambda shown: Card(GREYS[shown]), lambda shown: Hum())
