"""Rewrites the RTP packets of changing sources into one continuous stream for one subscriber.

Pure: bytes in, bytes out, no clock. The payload is read only to find out whether a decoder can
start at a packet (RFC 6184 section 5).
"""

import struct
from dataclasses import dataclass, field

MAX_HISTORY = 1024  # five seconds of video at 1.5 Mbit/s; a later retransmission has no use
HEADER = struct.Struct("!BBHLL")
# The timestamps of a subscriber never go back at a switch: one picture at 30 frames a second.
MIN_SWITCH_GAP = 3000
STAP_A, FU_A, IDR, SPS = 24, 28, 5, 7


@dataclass(frozen=True, slots=True)
class Incoming:
    """One RTP packet of a source: the parts that forwarding needs (RFC 3550 section 5.1)."""

    marker: bool
    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Incoming | None:
    """Read an RTP packet; None for what is none (too short, another version, wrong lengths)."""
    if len(data) < HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    at = HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < at + 4:
            return None
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if at > end:
        return None
    return Incoming(bool(second >> 7), second & 0x7F, sequence, timestamp, ssrc, data[at:end])


def starts_keyframe(payload: bytes) -> bool:
    """Whether an H.264 decoder can start at this packet."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == STAP_A and len(payload) > 3:
        return payload[3] & 0x1F in (IDR, SPS)
    if kind == FU_A and len(payload) > 1:
        return bool(payload[1] & 0x80) and payload[1] & 0x1F in (IDR, SPS)
    return kind in (IDR, SPS)


@dataclass(slots=True)
class Outgoing:
    """One subscriber's stream, with its own SSRC and numbers, whatever its source is."""

    ssrc: int
    payload_type: int
    extension: int | None = None  # id of abs-send-time, which REMB needs; None without
    starts_with_keyframe: bool = False  # video: nothing is sent before a keyframe
    clock_rate: int = 90000
    packets: int = 0
    octets: int = 0
    _waiting: bool = True
    _source: int | None = None
    _sequence_offset: int = 0
    _timestamp_offset: int = 0
    _last_sequence: int = 0
    _last_timestamp: int = 0
    _last_at: float = 0.0
    _sent: dict[int, bytes] = field(default_factory=dict)

    def restart(self) -> None:
        """Continue the subscriber's numbers with another source, or after a pause."""
        self._source = None
        self._waiting = True

    @property
    def waiting(self) -> bool:
        """Whether nothing of the present source has been sent yet."""
        return self._waiting

    def forward(self, packet: Incoming, at: float) -> bytes | None:
        """The packet as it is to be sent at second ``at``; None before a keyframe."""
        if self._waiting or packet.ssrc != self._source:
            if self.starts_with_keyframe and not starts_keyframe(packet.payload):
                self._waiting = True
                return None
            self._join(packet, at)
        sequence = (packet.sequence_number + self._sequence_offset) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_offset) & 0xFFFFFFFF
        if (sequence - self._last_sequence) & 0xFFFF < 0x8000:
            self._last_sequence, self._last_timestamp, self._last_at = sequence, timestamp, at
        self.packets += 1
        self.octets += len(packet.payload)
        data = self._pack(packet, sequence, timestamp, at)
        self._sent[sequence % MAX_HISTORY] = data
        return data

    def sent(self, sequence: int) -> bytes | None:
        """A packet sent before, for a NACK (RFC 4585 section 6.2.1); None when it is too old."""
        data = self._sent.get(sequence % MAX_HISTORY)
        return data if data and int.from_bytes(data[2:4]) == sequence else None

    def timestamp_of(self, source_timestamp: int) -> int:
        """The subscriber's timestamp for one of the source (for sender reports)."""
        return (source_timestamp + self._timestamp_offset) & 0xFFFFFFFF

    def _join(self, packet: Incoming, at: float) -> None:
        if self.packets:
            gap = max(MIN_SWITCH_GAP, int((at - self._last_at) * self.clock_rate))
            sequence, timestamp = self._last_sequence + 1, self._last_timestamp + gap
        else:
            sequence, timestamp = packet.sequence_number & 0x7FFF, packet.timestamp
        self._sequence_offset = (sequence - packet.sequence_number) & 0xFFFF
        self._timestamp_offset = (timestamp - packet.timestamp) & 0xFFFFFFFF
        self._source, self._waiting = packet.ssrc, False
        self._last_sequence = (sequence - 1) & 0xFFFF

    def _pack(self, packet: Incoming, sequence: int, timestamp: int, at: float) -> bytes:
        second = packet.marker << 7 | self.payload_type
        if self.extension is None:
            return HEADER.pack(0x80, second, sequence, timestamp, self.ssrc) + packet.payload
        # RFC 8285 one-byte form; 24 bits of seconds in 6.18 fixed point.
        sent_at = (int(at * (1 << 18)) & 0xFFFFFF).to_bytes(3)
        tail = struct.pack("!HHB", 0xBEDE, 1, self.extension << 4 | 2) + sent_at
        return HEADER.pack(0x90, second, sequence, timestamp, self.ssrc) + tail + packet.payload
