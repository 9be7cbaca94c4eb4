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
from typing import Any, Protocol

import av
import numpy as np
from aiortc import MediaStreamTrack

from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.receiver import Receiving
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import Sending
from appliance.media.rtp.stream import RtpStream
from appliance.media.rtp.udp_ports import RtpPath
from tests.media.local_tracks import RATE, number_of, numbered, tone_packets, video_encoder
from tests.media.lossy_path import LossyPath

FAR = ("192.0.2.2", 4000)
FRAME_S = 0.02
LOUD = 2000.0  # root mean square below which the tone counts as not heard; it has 5600
WINDOW = 240  # samples: 5 ms
Packet = av.packet.Packet


@dataclass
class _Wire:
    """In place of a socket: what is sent arrives at the other end, or does not."""

    way: LossyPath
    arrive: Callable[[bytes, tuple[str, int]], None]
    sent: int = 0

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        return

    def sendto(self, data: bytes, to: tuple[str, int]) -> None:
        del to
        self.sent += 1
        loop = asyncio.get_running_loop()
        for delay in self.way.delays(data):
            # Timers of one instant come in no order; a net that delays evenly keeps it.
            loop.call_later(delay + self.sent * 1e-9, self.arrive, data, FAR)


class Counted(MediaStreamTrack):
    """Numbered pictures, coded when they are due; a keyframe when one is asked for."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[int, float] = {}
        self.keyframes: list[int] = []
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
            self.keyframes.append(number)
        self._key = False
        (packet,) = self._codec.encode(frame)
        packet.pts, packet.time_base = number * 90000 // RATE, Fraction(1, 90000)
        self.taken[number] = loop.time()
        return packet


class Tone(MediaStreamTrack):
    """A tone of 440 Hz as ready Opus packets, for so many seconds."""

    kind = "audio"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._sent = 0
        self._packets = tone_packets(int(seconds / FRAME_S) + 2)

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


class _Steady(SendRate):
    """A conference system's: it sends what the call agreed on, whatever gets lost."""

    def loss(self, fraction: float, now: float, round_trip_s: float | None = None) -> None:
        del fraction, now, round_trip_s


class Receiver(Protocol):
    """One medium's receive side, started in a running loop."""

    path: RtpPath
    track: MediaStreamTrack

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Ours:
    """Our receive side, as a SIP call has it."""

    def __init__(self, line: "Line", ask: Callable[[], None]) -> None:
        number, name, rate = line.codec
        self._stream = _stream(line.kind, None, ask)
        self._receiving = Receiving({number: (name, rate)}, line.feedback)
        self.path = self._stream.path
        self.track: MediaStreamTrack = self._stream.track

    async def start(self) -> None:
        self._stream.use(None, self._receiving)

    async def stop(self) -> None:
        await self._stream.close()


def _stream(kind: str, near: MediaStreamTrack | None, ask: Callable[[], None]) -> RtpStream:
    now = asyncio.get_running_loop().time
    return RtpStream(kind, near, clock=FarClock(), rate=_Steady(), name="x", ask=ask, now=now)


@dataclass
class Line:
    """`there` is the way to the listener, `back` the way of its feedback."""

    there: LossyPath
    back: LossyPath
    kind: str = "video"
    codec: tuple[int, str, int] = (96, "H264", 90000)
    feedback: frozenset[str] = frozenset()
    receiver: Callable[["Line", Callable[[], None]], Receiver] = Ours
    seen: Seen = field(default_factory=Seen)

    async def call(self, seconds: float) -> None:
        """One call of so long."""
        loop = asyncio.get_running_loop()
        random.seed(4)
        self.near: Any = Counted() if self.kind == "video" else Tone(seconds)
        far = _stream(self.kind, self.near, lambda: None)
        sender = far.sender
        assert sender is not None

        def ask() -> None:
            self.seen.asked.append(loop.time())
            loop.call_later(self.back.delay_s, sender.keyframe, loop.time())

        us = self.receiver(self, ask)
        for one, other, way in (
            (far.path, us.path, self.there),
            (us.path, far.path, self.back),
        ):
            wired: Any = one
            wired._rtp = _Wire(way, other._came_to_rtp)
            wired._rtcp = _Wire(way, other._came_to_rtcp)
            one.aim(FAR, FAR)
        number, name, rate = self.codec
        far.use(Sending(number, name, rate, nack="nack" in self.feedback), None)
        await us.start()
        self.track: Any = us.track
        watching = loop.create_task(self._watch(us.track))
        await asyncio.sleep(seconds)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        self.near.stop()
        await us.stop()
        await far.close()

    async def _watch(self, track: MediaStreamTrack) -> None:
        loop, seen = asyncio.get_running_loop(), self.seen
        while True:
            frame = await track.recv()
            if isinstance(frame, av.VideoFrame):
                seen.pictures.append((loop.time(), number_of(frame)))
            elif isinstance(frame, av.AudioFrame):
                seen.sounds.append(loop.time())
                seen.wave.append(one_channel(frame))


def one_channel(frame: av.AudioFrame) -> Any:
    """int16 at 48 kHz, of packed sound at a whole fraction of that rate."""
    samples = frame.to_ndarray()[0, :: len(frame.layout.channels)]
    return samples.repeat(48000 // frame.sample_rate)


@contextmanager
def losing(way: LossyPath, *numbers: int) -> Iterator[dict[int, float]]:
    """Lose those media packets, and note when each of them would have arrived."""
    arrivals: dict[int, float] = {}

    def drops(number: int, datagram: bytes) -> bool:
        del datagram
        if number in numbers:
            arrivals[number] = asyncio.get_running_loop().time() + way.delay_s
        return number in numbers

    way.drops = drops
    yield arrivals
