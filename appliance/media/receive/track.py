"""A far end's track: what audio and video tracks share, and their statistics."""

import asyncio
import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Protocol

from aiortc import MediaStreamTrack

from appliance.media.jitter.clock import FarClock, StreamClock
from appliance.media.jitter.packets import Packet

log = logging.getLogger(__name__)

MICROSECONDS = Fraction(1, 1_000_000)  # `pts * time_base` is a time.monotonic() second
FREEZE_THRESHOLD_S = 0.5


@dataclass(frozen=True, slots=True)
class FarStatistics:
    """What came in on one track since it began.

    `freezes` counts gaps of more than `FREEZE_THRESHOLD_S` between two frames; `lost_packets` never
    came, retransmission included; `nacked` were requested again; `concealed_s` of the `received_s`
    of sound were concealed; `delay_ms` is how long the jitter buffer holds a packet that came
    without delay; `rtt_ms` is 0.0 while it is unknown.
    """

    codec: str = ""
    frames: int = 0
    width: int = 0
    height: int = 0
    keyframes: int = 0
    keyframe_requests: int = 0
    lost_packets: int = 0
    nacked: int = 0
    recovered: int = 0
    freezes: int = 0
    longest_gap_s: float = 0.0
    concealed_s: float = 0.0
    received_s: float = 0.0
    bytes: int = 0
    packets: int = 0
    jitter_ms: float = 0.0
    delay_ms: float = 0.0
    rtt_ms: float = 0.0


@dataclass(slots=True)
class Counts:
    """What a track counts while it runs; the fields are those of `FarStatistics`."""

    codec: str = ""
    bytes: int = 0
    packets: int = 0
    frames: int = 0
    width: int = 0
    height: int = 0
    keyframes: int = 0
    keyframe_requests: int = 0
    freezes: int = 0
    longest_gap_s: float = 0.0
    concealed_s: float = 0.0
    received_s: float = 0.0


class Feedback(Protocol):
    """How a track sends requests to its far end; neither call blocks."""

    def nack(self, ssrc: int, sequences: list[int]) -> None:
        """Ask for packets again (RFC 4585 section 6.2.1)."""

    def keyframe(self, ssrc: int) -> None:
        """Ask for a keyframe (RFC 4585 section 6.3.1)."""


class NoFeedback:
    """For a far end that takes no requests."""

    def nack(self, ssrc: int, sequences: list[int]) -> None:
        """Drop the request."""
        del ssrc, sequences

    def keyframe(self, ssrc: int) -> None:
        """Drop the request."""
        del ssrc


class FarTrack(MediaStreamTrack):
    """A track of a far end: packets in through `feed`, frames out of `recv`.

    Every frame's `pts * time_base` is the time.monotonic() second at which it is due; sound and
    picture that were made with the same `clock` are due together. One reader at a time.
    """

    def __init__(
        self,
        kind: str,
        *,
        clock: FarClock | None = None,
        feedback: Feedback | None = None,
        id: str | None = None,  # noqa: A002 - the name that MediaStreamTrack gives it
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.kind = kind
        if id is not None:
            self._id = id
        self._now = now
        self.feedback: Feedback = feedback or NoFeedback()
        self.round_trip_s: float | None = None  # where the transport knows it
        self.repairs = True  # whether the far end retransmits
        self.packet_at = float("-inf")  # when the last packet came
        self._clock = clock or FarClock()
        self._stream: StreamClock = self._clock.stream(90000)
        self._counts = Counts()
        self._changed = asyncio.Event()

    def feed(self, packet: Packet, codec: str, rate: int, now: float) -> None:
        """Take one RTP packet of `codec` (its SDP encoding name) with a clock of `rate` Hz."""
        self.packet_at = now
        self._counts.codec = codec
        self._counts.packets += 1
        self._counts.bytes += len(packet.payload)
        self._feed(packet, codec.lower(), rate, now)

    @abstractmethod
    def _feed(self, packet: Packet, codec: str, rate: int, now: float) -> None:
        """`feed` for one kind of media; `codec` in small letters."""

    @abstractmethod
    def sender_report(self, ssrc: int, ntp: int, timestamp: int) -> None:
        """Take an RTCP sender report: `ntp` as 32.32, `timestamp` as on the wire."""

    def statistics(self) -> FarStatistics:
        """What has come in so far."""
        return FarStatistics(
            **asdict(self._counts),
            jitter_ms=self._stream.jitter_s * 1e3,
            delay_ms=self._stream.delay_s * 1e3,
            rtt_ms=(self.round_trip_s or 0.0) * 1e3,
        )

    def stop(self) -> None:
        """End the track; a `recv` that waits raises MediaStreamError."""
        if self.readyState == "live" and self._counts.packets:
            self._note_end(self.statistics())
        super().stop()
        self._changed.set()

    def _note_end(self, total: FarStatistics) -> None:
        log.info(
            "far ← %s ends: %d frames, %d packets lost, %d requested again, %d keyframes requested,"
            " jitter %.0f ms, held back %.0f ms",
            self.kind,
            total.frames,
            total.lost_packets,
            total.nacked,
            total.keyframe_requests,
            total.jitter_ms,
            total.delay_ms,
        )
