"""The far end's tracks: packets made before the call, then a camera and a microphone that live."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.i420 import plane
from appliance.media.codecs.board_encoders import SOFTWARE_ENCODER
from appliance.media.codecs.h264_encoder import H264Encoder
from appliance.media.codecs.opus import OpusEncoder
from appliance.media.formats import AUDIO_RATE, BLOCK_S, BLOCK_SAMPLES, Size
from tests.benchmark.content import BITRATE, FPS, KEYFRAME_INTERVAL, encoded
from tests.code_picture import CHAIR, GUEST, NUMBERS, Code, draw
from tests.tv.marks import burst

BURST_EVERY = 25
"""Blocks: half a second."""


def copied(frame: av.VideoFrame) -> av.VideoFrame:
    """A picture of its own memory."""
    return av.VideoFrame.from_ndarray(frame.to_ndarray(), "yuv420p")


class FarPicture(MediaStreamTrack):
    """At first packets made beforehand (code GUEST): nothing is encoded while others are measured.

    After `live()` every picture is taken, numbered (code CHAIR) and encoded as a camera's would
    be; `taken` has the monotonic second at which each was.
    """

    kind = "video"

    def __init__(self, frames: list[av.VideoFrame], size: Size) -> None:
        super().__init__()
        self.taken: dict[int, float] = {}
        self._frames = [copied(frame) for frame in frames]
        for number, frame in enumerate(self._frames):
            draw(plane(frame, 0), Code(GUEST, number))
        self._ready = encoded(self._frames, size)
        self._size = size
        self._next = 0
        self._number = 0
        self._due = 0.0
        self._key = True
        self._encoder: H264Encoder | None = None

    def request_keyframe(self) -> None:
        """The next one is a keyframe: a new one, or the next of those that lie ready."""
        self._key = True

    def live(self) -> None:
        """From now on a camera."""
        self._encoder = H264Encoder((SOFTWARE_ENCODER,), self._size, FPS, BITRATE)
        self._key = True

    async def recv(self) -> Packet[Stream]:
        now = time.monotonic()
        self._due = self._due + 1 / FPS if self._due > now - 0.5 else now
        await asyncio.sleep(self._due - now)
        key, self._key = self._key, False
        if self._encoder is None:
            return self._from_store(key)
        return await asyncio.to_thread(self._from_camera, self._encoder, key)

    def _from_store(self, key: bool) -> Packet[Stream]:
        if key:
            self._next = -(-self._next // KEYFRAME_INTERVAL) * KEYFRAME_INTERVAL
        stored = self._ready[self._next % len(self._ready)]
        self._next += 1
        packet = Packet(bytes(stored))
        packet.pts = round(self._due * 90_000)
        packet.time_base = Fraction(1, 90_000)
        packet.is_keyframe = stored.is_keyframe
        return packet

    def _from_camera(self, encoder: H264Encoder, key: bool) -> Packet[Stream]:
        number = self._number = (self._number + 1) % NUMBERS
        self.taken[number] = time.monotonic()
        frame = self._frames[number % len(self._frames)]
        draw(plane(frame, 0), Code(CHAIR, number))
        return encoder.encode(frame, self._due, keyframe=key)[0]


class FarSound(MediaStreamTrack):
    """Opus with a short loud tone every half second; `made` has the second of each one's begin."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.made: list[float] = []
        self._opus = OpusEncoder(2)
        loud = np.zeros((BLOCK_SAMPLES, 2), np.int16)
        tone = burst()
        loud[: len(tone)] = tone
        hum = np.random.default_rng(4).integers(-40, 40, (BLOCK_SAMPLES, 2)).astype(np.int16)
        self._loud, self._quiet = (loud + hum).tobytes(), hum.tobytes()
        self._count = 0
        self._due = 0.0

    async def recv(self) -> Packet[Stream]:
        now = time.monotonic()
        self._due = self._due + BLOCK_S if self._due > now - 0.5 else now
        await asyncio.sleep(self._due - now)
        self._count += 1
        sounds = self._count % BURST_EVERY == 0
        if sounds:
            # A block is there when its last sample is: it began so much sooner.
            self.made.append(self._due - BLOCK_S)
        pts = round(self._due * AUDIO_RATE)
        return self._opus.encode(self._loud if sounds else self._quiet, pts)
