"""A whole medium from encoder to listener over a lossy line, on a clock that only tests move.

Both ends are what a call has (`RtpStream` with its jitter buffer, decoders, RTCP); the sockets are
not there, and no real second passes: the same seed gives the same call on any machine.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.rtp import is_rtcp

from appliance.media.jitter.clock import FarClock
from appliance.media.plain_rtp_receiver import Receiving
from appliance.media.plain_rtp_sender import Sending
from appliance.media.plain_rtp_stream import RtpStream
from appliance.media.rtp_rate import SendRate
from tests.media.lossy import Way
from tests.media.lossy_near import RATE, number_of, numbered, tone_packets, video_encoder

FAR = ("192.0.2.2", 4000)
FRAME_S = 0.02
LOUD = 2000.0  # root mean square below which the tone counts as not heard; it has 5600
WINDOW = 240  # samples: 5 ms
Packet = av.packet.Packet


@dataclass
class _Wire:
    """In place of a socket: what is sent arrives at the other end, or does not."""

    way: Way
    arrive: Callable[[bytes, tuple[str, int]], None]
    sent: int = 0

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        return

    def sendto(self, data: bytes, to: tuple[str, int]) -> None:
        del to
        self.sent += not is_rtcp(data)
        loop = asyncio.get_running_loop()
        for delay in self.way.delays(data):
            loop.call_later(max(delay, 1e-6), self.arrive, data, FAR)


class Counted(MediaStreamTrack):
    """Numbered pictures, coded when they are due; a keyframe when one is asked for."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[int, float] = {}
        self.keyframes: list[float] = []
        self._codec = video_encoder(600_000)
        self._key = True

    def request_keyframe(self) -> None:
        self._key = True

    async def recv(self) -> "Packet[Any]":
        number, loop = len(self.taken), asyncio.get_running_loop()
        await asyncio.sleep(number / RATE - loop.time())
        frame = numbered(number)
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        frame.pict_type = av.video.frame.PictureType.I if self._key else 0
        if self._key:
            self.keyframes.append(loop.time())
        self._key = False
        (packet,) = self._codec.encode(frame)
        packet.pts, packet.time_base = number * 90000 // RATE, Fraction(1, 90000)
        self.taken[number] = loop.time()
        return packet


class Tone(MediaStreamTrack):
    """A tone of 440 Hz as ready Opus packets."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._packets = tone_packets()

    async def recv(self) -> "Packet[Any]":
        await asyncio.sleep(self._sent * FRAME_S - asyncio.get_running_loop().time())
        packet = av.Packet(self._packets[self._sent % len(self._packets)])
        packet.pts, packet.time_base = self._sent * 960, Fraction(1, 48000)
        self._sent += 1
        return packet


@dataclass
class Seen:
    """What came out at the listener: seconds of the virtual clock."""

    pictures: list[tuple[float, int]] = field(default_factory=list)
    sounds: list[float] = field(default_factory=list)
    wave: list[Any] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)  # keyframes, by the signalling

    def freezes(self, after: float = 0.0) -> list[float]:
        """The times between two pictures that followed one another."""
        times = [at for at, _ in self.pictures if at >= after]
        return [later - sooner for sooner, later in pairwise(times)]

    def late_sounds(self) -> list[float]:
        """By how much later than 20 ms each block of sound followed the one before."""
        return [later - sooner - FRAME_S for sooner, later in pairwise(self.sounds)]

    def silences(self, after: float = 0.5) -> list[float]:
        """The stretches in which the tone is not heard, of the sound as it is played."""
        samples = np.concatenate(self.wave).astype(float)[int(after * 48000) :]
        count = len(samples) // WINDOW
        power = np.sqrt((samples[: count * WINDOW].reshape(count, WINDOW) ** 2).mean(axis=1))
        edges = np.diff(np.concatenate(([0], (power < LOUD).astype(int), [0])))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        return [float(length) * WINDOW / 48000 for length in ends - begins]


@dataclass
class Line:
    """`there` is the way to the listener, `back` the way of its feedback."""

    there: Way
    back: Way
    kind: str = "video"
    codec: tuple[int, str, int] = (96, "H264", 90000)
    feedback: frozenset[str] = frozenset()
    seen: Seen = field(default_factory=Seen)

    async def call(self, seconds: float) -> None:
        """One call of so long."""
        loop, tasks = asyncio.get_running_loop(), []
        random.seed(4)
        near: Any = Counted() if self.kind == "video" else Tone()
        self.near = near

        def ask() -> None:
            self.seen.asked.append(loop.time())
            loop.call_later(self.back.delay_s, far.sender.keyframe, loop.time())

        def stream(track: MediaStreamTrack | None, ask: Callable[[], None]) -> Any:
            return RtpStream(
                self.kind, track, clock=FarClock(), rate=SendRate(), name="x", ask=ask,
                now=loop.time,
            )  # fmt: skip

        far, us = stream(near, lambda: None), stream(None, ask)
        for one, other, way in ((far, us, self.there), (us, far, self.back)):
            one.path._rtp = _Wire(way, other.path._came_to_rtp)
            one.path._rtcp = _Wire(way, other.path._came_to_rtcp)
            one.path.aim(FAR, FAR)
        number, name, rate = self.codec
        far.use(Sending(number, name, rate, nack="nack" in self.feedback), None)
        us.use(None, Receiving({number: (name, rate)}, self.feedback))
        self.track = us.track
        tasks.append(loop.create_task(self._watch(us.track)))
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        near.stop()
        await us.close()
        await far.close()

    async def _watch(self, track: MediaStreamTrack) -> None:
        loop, seen = asyncio.get_running_loop(), self.seen
        while True:
            frame = await track.recv()
            if isinstance(frame, av.VideoFrame):
                seen.pictures.append((loop.time(), number_of(frame)))
            elif isinstance(frame, av.AudioFrame):
                seen.sounds.append(loop.time())
                seen.wave.append(frame.to_ndarray()[0, ::2])


@contextmanager
def losing(way: Way, *numbers: int) -> Iterator[dict[int, float]]:
    """Lose those media packets, and note when each of them would have arrived."""
    arrivals: dict[int, float] = {}

    def drops(number: int, datagram: bytes) -> bool:
        del datagram
        if number in numbers:
            arrivals[number] = asyncio.get_running_loop().time() + way.delay_s
        return number in numbers

    way.drops = drops
    yield arrivals
