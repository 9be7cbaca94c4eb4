"""One line of one publisher: what comes in, what was lost of it, and who listens to it."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo

from services.room.media.descriptions import Accepted
from services.room.media.rewrite import Incoming
from services.room.media.sink import Sink

RETRIES = 4  # a packet that did not come after so many requests will not come
MISSING = 128  # more holes than this at once is an outage, which a new picture heals better
PICTURE_EVERY_S = 0.4  # ten people who switch at once need one picture, not ten


class _Seen(NamedTuple):
    """What aiortc's loss counter looks at."""

    sequence_number: int
    timestamp: int


@dataclass(slots=True)
class Source:
    """The far side of a publisher's line; ``ssrc`` is learned from the first packet if need be."""

    line: Accepted
    feed: int
    ssrc: int | None = None
    sinks: list[Sink] = field(default_factory=list)
    _statistics: StreamStatistics | None = None
    _highest: int | None = None
    _missing: dict[int, int] = field(default_factory=dict)
    _report: tuple[RtcpSenderInfo, float] | None = None
    _asked_at: float = float("-inf")
    picture_wanted: bool = False

    async def hear(self, packet: Incoming, at: float) -> None:
        """Count one packet and pass it on to everybody who listens."""
        self._count(packet)
        for sink in tuple(self.sinks):
            began = await sink.hear(packet, at)
            if began and self._report is not None:
                await sink.report(self._report[0])

    async def hear_report(self, info: RtcpSenderInfo, at: float) -> None:
        """A sender report: which instant which timestamp means; every listener needs it too."""
        self._report = (info, at)
        for sink in tuple(self.sinks):
            await sink.report(info)

    def want_picture(self) -> None:
        """Somebody cannot decode: ask the publisher for a whole picture soon."""
        self.picture_wanted = self.line.kind == "video"

    def take_picture_request(self, at: float) -> bool:
        """Whether the publisher is to be asked now; at most once in PICTURE_EVERY_S.

        Again and again while somebody has seen nothing yet: a sender gives one picture for several
        requests, and that one may have gone out before the last listener was there.
        """
        wanted = self.picture_wanted or any(sink.starved for sink in self.sinks)
        if not wanted or at - self._asked_at < PICTURE_EVERY_S:
            return False
        self.picture_wanted, self._asked_at = False, at
        return True

    def take_missing(self) -> list[int]:
        """The sequence numbers to ask for again now (NACK, RFC 4585 section 6.2.1)."""
        asked = sorted(self._missing)
        for sequence in asked:
            self._missing[sequence] += 1
            if self._missing[sequence] >= RETRIES:
                del self._missing[sequence]
        return asked

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
        if ahead > MISSING:
            self._missing.clear()
            self.want_picture()
        elif self.line.kind == "video":
            for back in range(1, ahead):
                self._missing[(number - back) & 0xFFFF] = 0
