"""What one participant receives: a growing list of lines, offered again when it changes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
)

from services.room.media.descriptions import offer
from services.room.media.sink import ABS_SEND_TIME_ID, Sink
from services.room.media.source import Source
from services.room.media.transport import FarPath, Transport


@dataclass
class SubscribedMedia:
    """What one participant receives."""

    transport: Transport = field(init=False)
    sinks: list[Sink] = field(default_factory=list)
    _sources: dict[str, Source] = field(default_factory=dict)
    _version: int = 0

    def __post_init__(self) -> None:
        self.transport = Transport(self._on_rtp, self._on_rtcp, controlling=True)

    def add(self, source: Source) -> None:
        """Attach one more source, to a free line or to a new one."""
        free = (s for s in self.sinks if s.feed is None and s.kind == source.line.kind)
        sink = next(free, None)
        if sink is None:
            sink = Sink(str(len(self.sinks)), source.line.kind, self.transport)
            self.sinks.append(sink)
        self._attach(sink, source)

    def remove(self, sink: Sink) -> None:
        """Detach this line from its source; it stays in the description."""
        source = self._sources.pop(sink.mid, None)
        if source is not None and sink in source.sinks:
            source.sinks.remove(sink)
        sink.feed, sink.feed_mid = None, ""
        sink.stream.restart()

    def switch(self, sink: Sink, source: Source) -> None:
        """Attach another source to the same line, without a new description."""
        self.remove(sink)
        self._attach(sink, source)

    def find_sink(self, feed: int, mid: str) -> Sink | None:
        """The line of that source, if any."""
        return next((s for s in self.sinks if s.feed == feed and s.feed_mid == mid), None)

    async def make_offer(self) -> str:
        """The description of all present lines."""
        await self.transport.gather()
        self._version += 1
        lines = [sink.line() for sink in self.sinks]
        return offer(lines, self.transport, self._version, ABS_SEND_TIME_ID)

    async def run(self, path: FarPath, connected: Callable[[], None]) -> None:
        """Connect and send until the path is gone."""
        if not await self.transport.connect(path):
            return
        connected()
        await self.refresh()
        await self.transport.closed.wait()

    async def refresh(self) -> None:
        """Request keyframes after a change, so that a new line has a picture at once."""
        for source in self._sources.values():
            source.request_keyframe()

    def stop(self) -> None:
        """Detach all lines."""
        for sink in self.sinks:
            self.remove(sink)

    def _attach(self, sink: Sink, source: Source) -> None:
        sink.feed, sink.feed_mid = source.feed, source.line.mid
        sink.stream.restart()
        self._sources[sink.mid] = source
        source.sinks.append(sink)
        # A keyframe that comes before the path is connected is lost, and senders give few.
        if self.transport.connected.is_set():
            source.request_keyframe()

    async def _on_rtp(self, data: bytes) -> None:
        """Ignore it: a subscriber sends no media."""

    async def _on_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if not isinstance(packet, RtcpPsfbPacket | RtcpRtpfbPacket):
                continue
            sink = next((s for s in self.sinks if s.ssrc == packet.media_ssrc), None)
            if sink is None:
                continue
            if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                for sequence in packet.lost:
                    await sink.resend(sequence)
            elif packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
                source = self._sources.get(sink.mid)
                if source is not None:
                    source.request_keyframe()
