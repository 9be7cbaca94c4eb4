"""One line of one subscriber: its source's packets with the subscriber's own numbers."""

import secrets
from dataclasses import dataclass, field

from aiortc.rtp import RtcpSdesPacket, RtcpSenderInfo, RtcpSourceInfo, RtcpSrPacket

from services.room.media.descriptions import MediaLine
from services.room.media.rewrite import Incoming, Outgoing
from services.room.media.transport import Transport

AUDIO_TYPE, VIDEO_TYPE, ABS_SEND_TIME_ID = 111, 96, 3


def _ssrc() -> int:
    return secrets.randbits(32)


@dataclass(slots=True)
class Sink:
    """One line; ``feed`` and ``feed_mid`` name its source, ``feed`` None is a free line."""

    mid: str
    kind: str
    transport: Transport
    feed: int | None = None
    feed_mid: str = ""
    ssrc: int = field(default_factory=_ssrc)
    paused: bool = False
    stream: Outgoing = field(init=False)

    def __post_init__(self) -> None:
        video = self.kind == "video"
        self.stream = Outgoing(
            self.ssrc,
            VIDEO_TYPE if video else AUDIO_TYPE,
            extension=ABS_SEND_TIME_ID if video else None,
            starts_with_keyframe=video,
            clock_rate=90000 if video else 48000,
        )

    @property
    def needs_keyframe(self) -> bool:
        """Whether it waits for a keyframe of its source."""
        there = not self.paused and self.transport.connected.is_set()
        return self.kind == "video" and there and self.stream.waiting

    def line(self) -> MediaLine:
        """This line in the offer to the subscriber."""
        stream = f"feed{self.feed}" if self.feed is not None else "none"
        payload_type = self.stream.payload_type
        return MediaLine(
            self.mid, self.kind, payload_type, self.ssrc, self.feed is not None, stream
        )

    async def forward(self, packet: Incoming, at: float) -> bool:
        """Send one packet of the source, once connected; True for the first one of a source."""
        if self.paused or not self.transport.connected.is_set():
            return False
        waited = self.stream.waiting
        data = self.stream.forward(packet, at)
        if data is not None:
            await self.transport.send(data)
        return waited and data is not None

    async def send_report(self, info: RtcpSenderInfo) -> None:
        """Send the source's sender report with this line's timestamps, for lip sync."""
        if self.stream.waiting or not self.transport.connected.is_set():
            return
        translated = RtcpSenderInfo(
            ntp_timestamp=info.ntp_timestamp,
            rtp_timestamp=self.stream.timestamp_of(info.rtp_timestamp),
            packet_count=self.stream.packets & 0xFFFFFFFF,
            octet_count=self.stream.octets & 0xFFFFFFFF,
        )
        name = RtcpSourceInfo(ssrc=self.ssrc, items=[(1, f"feed{self.feed}".encode())])
        packets = bytes(RtcpSrPacket(self.ssrc, translated)) + bytes(RtcpSdesPacket([name]))
        await self.transport.send(packets)

    async def resend(self, sequence: int) -> None:
        """Send a packet again for a NACK, if it is still known."""
        data = self.stream.sent(sequence)
        if data is not None:
            await self.transport.send(data)
