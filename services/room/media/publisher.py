"""What one participant sends: its lines, and our RTCP feedback on them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.rtp import (
    RTCP_PSFB_APP,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

from appliance.media.rtp import rtcp
from services.room.errors import INVALID_SDP, VideoRoomError
from services.room.media import rewrite
from services.room.media.descriptions import accept_lines, make_answer, parse_description
from services.room.media.source import Source
from services.room.media.transport import FarPath, Transport

OUR_SSRC = 1  # names the room in receiver reports; nothing is ever sent from it
FEEDBACK_INTERVAL_S = 0.05  # between two rounds of NACK and PLI
REPORT_INTERVAL_S = 1.0


@dataclass
class PublishedMedia:
    """What one participant sends; made by the first offer, kept until it stops."""

    feed: int
    bitrate: int
    transport: Transport = field(init=False)
    sources: dict[str, Source] = field(default_factory=dict)
    last_rtp_at: float | None = None
    _version: int = 0

    def __post_init__(self) -> None:
        self.transport = Transport(self._on_rtp, self._on_rtcp, controlling=False)

    async def take_offer(self, text: str, codecs: dict[str, str]) -> tuple[str, FarPath]:
        """Answer an offer; its accepted lines become the sources. Raises VideoRoomError.

        A line that was there before stays the same source, whatever it carries now: those who
        receive it go on, and their keyframe requests arrive.
        """
        offer, path = parse_description(text)
        lines = accept_lines(offer, codecs)
        if not lines:
            wanted = " and ".join(codecs.values())
            raise VideoRoomError(INVALID_SDP, f"The offer has nothing in this room's {wanted}")
        await self.transport.gather()
        kept = {line.mid for line in lines}
        for mid in [mid for mid in self.sources if mid not in kept]:
            del self.sources[mid]
        for line in lines:
            known = self.sources.get(line.mid)
            if known is None or known.line.kind != line.kind:
                self.sources[line.mid] = Source(line, self.feed, line.ssrc)
            elif known.line != line:
                known.restart(line)
        self._version += 1
        return make_answer(offer, lines, self.transport, self._version, self.bitrate), path

    async def run(self, path: FarPath, connected: Callable[[], None]) -> None:
        """Connect, call ``connected``, and send feedback until the path is gone."""
        # The answer says active unless the offer itself was active (RFC 5763 section 5).
        path.dtls.role = "client" if path.dtls.role == "client" else "server"
        if not await self.transport.connect(path):
            return
        connected()
        reported = 0.0
        while not self.transport.closed.is_set():
            now = time.monotonic()
            await self._request_missing(now)
            if now - reported >= REPORT_INTERVAL_S:
                reported = now
                await self._report()
            await asyncio.sleep(FEEDBACK_INTERVAL_S)

    async def _on_rtp(self, data: bytes) -> None:
        packet = rewrite.parse(data)
        source = self._source(packet) if packet else None
        if packet is not None and source is not None:
            self.last_rtp_at = at = time.monotonic()
            await source.receive(packet, at)

    def _source(self, packet: rewrite.Incoming) -> Source | None:
        for source in self.sources.values():
            if source.ssrc == packet.ssrc:
                return source if source.line.payload_type == packet.payload_type else None
        for source in self.sources.values():
            if source.ssrc is None and source.line.payload_type == packet.payload_type:
                source.ssrc = packet.ssrc
                return source
        return None

    async def _on_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                for source in self.sources.values():
                    if source.ssrc == packet.ssrc:
                        await source.receive_report(packet.sender_info, time.monotonic())

    async def _request_missing(self, now: float) -> None:
        for source in self.sources.values():
            if source.ssrc is None:
                continue
            if missing := source.take_missing():
                await self.transport.send(rtcp.nack(OUR_SSRC, source.ssrc, missing))
            if source.take_keyframe_request(now):
                await self.transport.send(rtcp.pli(OUR_SSRC, source.ssrc))

    async def _report(self) -> None:
        blocks = [block for s in self.sources.values() if (block := s.reception())]
        data = bytes(RtcpRrPacket(OUR_SSRC, blocks))
        # Goog-REMB: without it Chromium stays at its starting rate of 300 kbit/s.
        video = [s.ssrc for s in self.sources.values() if s.line.kind == "video" and s.ssrc]
        if video:
            limit = pack_remb_fci(self.bitrate, video)
            data += bytes(RtcpPsfbPacket(RTCP_PSFB_APP, OUR_SSRC, 0, limit))
        await self.transport.send(data)
