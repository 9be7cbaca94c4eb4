"""Near tracks for the tests: coded once, numbered in the picture, sent like a camera does."""

import asyncio
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from appliance.media.capture.i420 import plane

WIDTH, HEIGHT, RATE = 640, 360, 30
BITS = 16
CELL = WIDTH // BITS


def numbered(number: int) -> av.VideoFrame:
    """A noisy picture with `number` as black and white cells in its top rows."""
    picture = _noise(number % 16).copy()
    for bit in range(BITS):
        picture[:CELL, bit * CELL : (bit + 1) * CELL] = 235 if number >> bit & 1 else 16
    return av.VideoFrame.from_ndarray(picture, format="yuv420p")


@lru_cache
def _noise(seed: int) -> Any:
    """Made once: two ends that draw anew for every picture cost more than all that is tested."""
    picture = np.random.default_rng(seed).integers(90, 160, (HEIGHT * 3 // 2, WIDTH), np.uint8)
    picture[HEIGHT:] = 128
    return picture


def number_of(frame: av.VideoFrame) -> int:
    """The number that `numbered` put into a picture."""
    row = plane(frame, 0)[CELL // 2]
    return sum(int(row[bit * CELL + CELL // 2] > 128) << bit for bit in range(BITS))


def video_encoder(bps: int = 900_000, profile: str = "Baseline") -> VideoCodecContext:
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, RATE), Fraction(RATE, 1)
    codec.bit_rate, codec.gop_size = bps, 100_000
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
    codec.profile = profile
    return codec


def vp8_encoder(bps: int = 900_000) -> VideoCodecContext:
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, RATE), Fraction(RATE, 1)
    codec.bit_rate, codec.gop_size = bps, 100_000
    codec.thread_count = 1  # several spin while they wait for one another, on a busy machine 30 ms
    codec.qmin, codec.qmax = 4, 63
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-12",
        "lag-in-frames": "0",
        "minrate": str(bps),
        "maxrate": str(bps),
        "bufsize": str(bps // 2),
        "max-intra-rate": "900",
    }
    return codec


class NumberedVideo(MediaStreamTrack):
    """H.264 or VP8 of numbered pictures, 30 a second; a keyframe first and when asked for.

    A camera whose machine is busy misses pictures: one that made up for them in a burst would keep
    the machine busy, and whoever is to receive them from ever getting a turn.
    """

    kind = "video"

    def __init__(
        self,
        frames: int | None = None,
        first: int = 0,
        paint: Callable[[int], av.VideoFrame] = numbered,
        profile: str = "Baseline",
    ) -> None:
        super().__init__()
        self._paint = paint
        self.sent = 0
        self.keyframes = 0
        self.bitrates: list[int] = []
        self._frames = frames
        self._first = first
        self._profile = profile
        self.codec = "h264"
        self._key = True
        self._begun = 0.0
        self._tick = -1

    @property
    def codec(self) -> str:
        return self._name

    @codec.setter
    def codec(self, name: str) -> None:
        """As the near track's: a far end may choose after we were made."""
        self._name, self._key = name, True
        self._codec = vp8_encoder() if name == "vp8" else video_encoder(profile=self._profile)

    def resume(self) -> None:
        """Send on after as many frames as were asked for."""
        self._frames = None

    def request_keyframe(self) -> None:
        self._key = True

    def set_bitrate(self, bps: int) -> None:
        self.bitrates.append(bps)

    async def recv(self) -> "Packet[Any]":
        if self.readyState != "live":
            raise MediaStreamError
        while self._frames is not None and self.sent >= self._frames:
            await asyncio.sleep(0.05)
        now = time.monotonic()
        self._begun = self._begun or now
        self._tick = max(self._tick + 1, int((now - self._begun) * RATE))
        await asyncio.sleep(max(0.0, self._begun + self._tick / RATE - now))
        frame = self._paint(self._first + self.sent)
        frame.pts, frame.time_base = self.sent, Fraction(1, RATE)
        frame.pict_type = PictureType.I if self._key else PictureType.NONE
        self.keyframes += self._key
        self._key = False
        (packet,) = self._codec.encode(frame)
        packet.pts, packet.time_base = self._tick * 90000 // RATE, Fraction(1, 90000)
        self.sent += 1
        return packet


@lru_cache
def tone_packets(count: int = 500, hertz: float = 440.0) -> tuple[bytes, ...]:
    """`count` Opus packets of 20 ms of a tone."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48000, "stereo", "s16"
    codec.bit_rate = 64000
    return tuple(_tone(codec, count, hertz))


def _tone(codec: AudioCodecContext, count: int, hertz: float) -> Iterator[bytes]:
    for index in range(count):
        at = np.arange(index * 960, (index + 1) * 960) / 48000
        wave = (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.pts = 48000, index * 960
        for packet in codec.encode(frame):
            yield bytes(packet)


class Tone(MediaStreamTrack):
    """Ready Opus packets of a tone, fifty a second."""

    kind = "audio"

    def __init__(self, hertz: float = 440.0) -> None:
        super().__init__()
        self.sent = 0
        self._packets = tone_packets(hertz=hertz)
        self._begun = 0.0

    async def recv(self) -> "Packet[Any]":
        if self.readyState != "live":
            raise MediaStreamError
        self._begun = self._begun or time.monotonic()
        await asyncio.sleep(max(0.0, self._begun + self.sent * 0.02 - time.monotonic()))
        packet = av.Packet(self._packets[self.sent % len(self._packets)])
        packet.pts, packet.time_base = self.sent * 960, Fraction(1, 48000)
        self.sent += 1
        return packet


async def join(offers: RTCPeerConnection, answers: RTCPeerConnection) -> None:
    """Negotiate once."""
    await offers.setLocalDescription(await offers.createOffer())
    await answers.setRemoteDescription(offers.localDescription)
    await answers.setLocalDescription(await answers.createAnswer())
    await offers.setRemoteDescription(answers.localDescription)
