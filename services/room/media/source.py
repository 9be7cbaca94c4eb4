"""One line of one publisher: its packets, its losses and its sinks."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo

from services.room.media.descriptions import AcceptedLine
from services.room.media.rewrite import Incoming
from services.room.media.sink import Sink

MAX_REQUESTS = 4  # for one missing packet
MAX_MISSING = 128  # more at once are an outage: a keyframe is requested instead
MIN_KEYFRAME_INTERVAL_S = 0.4  # ten subscribers who switch at once need one keyframe


class _Seen(NamedTuple):
    """What aiortc's statistics read of a packet."""

    sequence_number: int
    timestamp: int


@dataclass(slots=True)
class Source:
    """A publisher's line; ``ssrc`` comes from the first packet where the offer names none."""

    line: AcceptedLine
    feed: int
    ssrc: int | None = None
    sinks: list[Sink] = field(default_factory=list)
    _statistics: StreamStatistics | None = None
    _highest: int | None = None
    _missing: dict[int, int] = field(default_factory=dict)
    _report: tuple[RtcpSenderInfo, float] | None = None
    _requested_at: float = float("-inf")
    keyframe_wanted: bool = False

    def restart(self, line: AcceptedLine) -> None:
        """Take another stream on the same line: the sinks stay, what was counted begins anew."""
        self.line, self.ssrc = line, line.ssrc
        self._statistics = self._highest = self._report = None
        self._missing.clear()

    async def receive(self, packet: Incoming, at: float) -> None:
        """Count one packet and forward it to every sink."""
        self._count(packet)
        for sink in tuple(self.sinks):
            began = await sink.forward(packet, at)
            if began and self._report is not None:
                await sink.send_report(self._report[0])

    async def receive_report(self, info: RtcpSenderInfo, at: float) -> None:
        """Take a sender report, which maps timestamps to time, and forward it to every sink."""
        self._report = (info, at)
        for sink in tuple(self.sinks):
            await sink.send_report(info)

    def request_keyframe(self) -> None:
        """Request a keyframe of the publisher soon, for a sink that cannot decode."""
        self.keyframe_wanted = self.line.kind == "video"

    def take_keyframe_request(self, at: float) -> bool:
        """Whether to send a PLI now; at most one in MIN_KEYFRAME_INTERVAL_S.

        It is repeated while a sink has sent nothing yet: a sender answers several requests with one
        keyframe, which may have come before the last sink was there.
        """
        wanted = self.keyframe_wanted or any(sink.needs_keyframe for sink in self.sinks)
        if not wanted or at - self._requested_at < MIN_KEYFRAME_INTERVAL_S:
            return False
        self.keyframe_wanted, self._requested_at = False, at
        return True

    def take_missing(self) -> list[int]:
        """The sequence numbers to request now (NACK, RFC 4585 section 6.2.1)."""
        requested = sorted(self._missing)
        for sequence in requested:
            self._missing[sequence] += 1
            if self._missing[sequence] >= MAX_REQUESTS:
                del self._missing[sequence]
        return requested

    def reception(self) -> RtcpReceiverInfo | None:
        """The block of a receiver report for this source (RFC 3550 section 6.4.1)."""
        if self._statistics is None or self.ssrc is None:
            return None
        lsr = dlsr = 0
        if self._report is not None:
            lsr = (self._report[0].ntp_timestamp >> 16) & 0xFFFFFFFF
            dlsr = min(int((time.monotonic() - self._report[1]) * 65536), 0xFFFFFFFF)
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=self._statistics.fraction_lost,
            packets_lost=self._statistics.packets_lost,
            highest_sequence=(self._statistics.cycles + (self._statistics.max_seq or 0))
            & 0xFFFFFFFF,
            jitter=self._statistics.jitter,
            lsr=lsr,
            dlsr=dlsr,
        )

    def _count(self, packet: Incoming) -> None:
        if self._statistics is None:
            self._statistics = StreamStatistics(self.line.clock_rate)
        self._statistics.add(_Seen(packet.sequence_number, packet.timestamp))  # type: ignore[arg-type]
        number = packet.sequence_number
        if self._highest is None:
            self._highest = number
            return
        ahead = (number - self._highest) & 0xFFFF
        if ahead >= 0x8000:
            self._missing.pop(number, None)
            return
        self._highest = number
        if ahead > MAX_MISSING:
            self._missing.clear()
            self.request_keyframe()
        elif self.line.kind == "video":
            for back in range(1, ahead):
                self._missing[(number - back) & 0xFFFF] = 0
