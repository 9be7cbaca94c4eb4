"""Turns the RTP packets of whichever source is heard into one unbroken stream for one listener.

Pure: bytes in, bytes out, no clock. The payload is never looked into further than is needed to
tell whether a picture can be decoded from here on (RFC 6184 section 5).
"""

import struct
from dataclasses import dataclass, field

HISTORY = 1024  # about five seconds of video at 1.5 Mbit/s: longer than any retry is useful
HEADER = struct.Struct("!BBHLL")
# A switch of source may not send a listener's clock backwards; one picture at 30 frames a second.
SWITCH_GAP = 3000
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
    """Read one RTP packet; None when it is none (too short, another version, broken lengths)."""
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


def begins_picture(payload: bytes) -> bool:
    """Say whether an H.264 decoder that knows nothing can begin at this packet."""
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
    """One listener's stream: its own SSRC and numbers, whatever is heard through it."""

    ssrc: int
    payload_type: int
    extension: int | None = None  # id of abs-send-time, which REMB needs; None without
    needs_picture: bool = False  # video: nothing is sent before a picture can be decoded
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
        """The source changes or was paused: go on from where the listener stands."""
        self._source = None
        self._waiting = True

    @property
    def waiting(self) -> bool:
        """Whether nothing of the present source has gone out yet."""
        return self._waiting

    def forward(self, packet: Incoming, at: float) -> bytes | None:
        """Give the packet as the listener must see it at second ``at``; None to keep it back."""
        if self._waiting or packet.ssrc != self._source:
            if self.needs_picture and not begins_picture(packet.payload):
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
        self._sent[sequence % HISTORY] = data
        return data

    def sent(self, sequence: int) -> bytes | None:
        """A packet sent lately, for a NACK (RFC 4585 section 6.2.1); None when it is gone."""
        data = self._sent.get(sequence % HISTORY)
        return data if data and int.from_bytes(data[2:4]) == sequence else None

    def timestamp_of(self, source_timestamp: int) -> int:
        """What the listener calls the source's timestamp (for sender reports)."""
        return (source_timestamp + self._timestamp_offset) & 0xFFFFFFFF

    def _join(self, packet: Incoming, at: float) -> None:
        if self.packets:
            gap = max(SWITCH_GAP, int((at - self._last_at) * self.clock_rate))
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
