"""Reads the statistics of a call off the tracks and senders of its connections."""

import asyncio
import time
from dataclasses import dataclass, field

from aiortc.stats import RTCOutboundRtpStreamStats

from appliance.dialers.api import AudioStatistics, CallStatistics, VideoStatistics
from appliance.media.receive.track import FarStatistics, FarTrack
from appliance.media.webrtc.connection import Connection
from appliance.media.webrtc.sender import Sender

FRAME_S = 0.02  # one Opus packet of a near track
POLL_INTERVAL_S = 0.01  # how exactly the first picture's moment is known
SAMPLE_INTERVAL_S = 1.0


@dataclass
class Measure:
    """``begun`` is the monotonic second of the dialling; ``run`` keeps the rest fresh."""

    begun: float
    connected_at: float | None = None
    first_picture_at: float | None = None
    _sending: Connection | None = None
    _far: list[FarTrack] = field(default_factory=list)
    _past: dict[str, FarStatistics] = field(default_factory=dict)
    """Of the tracks that are over, by kind, added up: a call of a whole day has many."""
    _sent_bytes: int = 0
    _ended_at: float | None = None

    def sends(self, connection: Connection) -> None:
        """What goes out goes out here; its path stands now."""
        self._sending = connection
        self.connected_at = time.monotonic()

    def hears(self, track: FarTrack) -> None:
        """One more far track of this call."""
        if track not in self._far:
            self._far.append(track)

    def forgets(self, track: FarTrack) -> None:
        """A far track is over; what it counted stays counted."""
        if track in self._far:
            self._far.remove(track)
            before = self._past.get(track.kind, FarStatistics())
            self._past[track.kind] = _added(before, track.statistics())

    async def run(self) -> None:
        """Look for the first picture, then sample what is sent, until cancelled."""
        while self.first_picture_at is None:
            await asyncio.sleep(POLL_INTERVAL_S)
            if any(t.kind == "video" and t.statistics().frames for t in self._far):
                self.first_picture_at = time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_INTERVAL_S)
            await self.sample()

    async def sample(self) -> None:
        """Ask the senders how much they have sent."""
        if self._sending is None:
            return
        report = await self._sending.getStats()
        sent = [s.bytesSent for s in report.values() if isinstance(s, RTCOutboundRtpStreamStats)]
        self._sent_bytes = max(self._sent_bytes, sum(sent))

    async def finish(self) -> None:
        """The call is over: what has been counted stays."""
        await self.sample()
        self._ended_at = time.monotonic()

    def statistics(self) -> CallStatistics:
        """All of it, now."""
        far = [(t.kind, t.statistics()) for t in self._far]
        far += self._past.items()
        video = [s for kind, s in far if kind == "video"]
        audio = [s for kind, s in far if kind == "audio"]
        seconds = (self._ended_at or time.monotonic()) - (self.connected_at or self.begun)
        received = sum(s.bytes for _, s in far)
        trip = self._sending.round_trip_s if self._sending is not None else None
        return CallStatistics(
            connected_s=_since(self.begun, self.connected_at),
            first_picture_s=_since(self.begun, self.first_picture_at),
            video=VideoStatistics(
                codec=_codec(video),
                sent_frames=self._sent("video"),
                received_frames=sum(s.frames for s in video),
                width=max((s.width for s in video), default=0),
                height=max((s.height for s in video), default=0),
                lost_packets=sum(s.lost_packets for s in video),
                freezes=sum(s.freezes for s in video),
            ),
            audio=AudioStatistics(
                codec=_codec(audio),
                sent_s=round(self._sent("audio") * FRAME_S, 3),
                received_s=round(sum(s.received_s for s in audio), 3),
                concealed_s=round(sum(s.concealed_s for s in audio), 3),
                lost_packets=sum(s.lost_packets for s in audio),
            ),
            rtt_ms=None if trip is None else round(trip * 1e3, 1),
            sent_kbps=_kbps(self._sent_bytes, seconds),
            received_kbps=_kbps(received, seconds),
            received_packets=sum(s.packets for _, s in far),
        )

    def _sent(self, kind: str) -> int:
        if self._sending is None:
            return 0
        senders = [t.sender for t in self._sending.getTransceivers() if t.kind == kind]
        return sum(s.sent_frames for s in senders if isinstance(s, Sender))


def _added(one: FarStatistics, other: FarStatistics) -> FarStatistics:
    """What a call's statistics ask of two tracks of one kind, as one."""
    return FarStatistics(
        codec=one.codec or other.codec,
        frames=one.frames + other.frames,
        width=max(one.width, other.width),
        height=max(one.height, other.height),
        lost_packets=one.lost_packets + other.lost_packets,
        freezes=one.freezes + other.freezes,
        concealed_s=one.concealed_s + other.concealed_s,
        received_s=one.received_s + other.received_s,
        bytes=one.bytes + other.bytes,
        packets=one.packets + other.packets,
    )


def _since(begun: float, at: float | None) -> float | None:
    return None if at is None else round(at - begun, 3)


def _codec(statistics: list[FarStatistics]) -> str:
    return next((s.codec for s in statistics if s.codec), "")


def _kbps(size: int, seconds: float) -> float:
    return round(size * 8 / seconds / 1000, 1) if seconds > 0 else 0.0
