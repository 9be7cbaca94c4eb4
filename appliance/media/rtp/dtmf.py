"""DTMF as telephone events (RFC 4733, the same on the wire as RFC 2833), both directions. Pure."""

import struct
from collections import deque
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
BLOCK_S = 0.02
TONE_S = 0.16  # an RMX needs 100 ms
GAP_S = 0.1
END_REPEATS = 3  # the last packet of an event goes out three times (RFC 4733 section 2.5.1.4)
VOLUME = 10  # dB below 0 dBm0
MAX_WAITING_KEYS = 64  # keys that may wait to be sent


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One RTP packet of an event. All packets of one event have the timestamp of the first, which
    has the marker (RFC 4733 section 2.2)."""

    payload: bytes
    marker: bool


@dataclass(frozen=True, slots=True)
class Event:
    """The four bytes of RFC 4733 section 2.3; `duration` in ticks of the RTP clock."""

    key: str
    duration: int
    end: bool = False
    volume: int = VOLUME

    @classmethod
    def parse(cls, payload: bytes) -> "Event | None":
        """Read an event; None for an event that is no key, or too short a payload."""
        if len(payload) < 4 or payload[0] >= len(KEYS):
            return None
        flags, duration = struct.unpack_from("!BH", payload, 1)
        return cls(KEYS[payload[0]], duration, bool(flags & 0x80), flags & 0x3F)

    def __bytes__(self) -> bytes:
        flags = (0x80 if self.end else 0) | self.volume
        return struct.pack("!BBH", KEYS.index(self.key), flags, min(self.duration, 0xFFFF))


class DtmfSender:
    """Queues keys, and makes the packets that replace each 20 ms of sound."""

    def __init__(self, tone_s: float = TONE_S, gap_s: float = GAP_S) -> None:
        self._tone = round(tone_s / BLOCK_S)
        self._gap = round(gap_s / BLOCK_S)
        self._keys: deque[str] = deque()
        self._block = 0  # of the present key, tone and gap
        self.sent = 0
        self.blocks = 0
        """How many 20 ms were taken in all: it stands still where no sound goes out."""

    def press(self, keys: str) -> None:
        """Queue keys; a comma is a pause of one key. Raises ValueError for no key, or too many."""
        keys = keys.upper().replace(" ", "")
        wrong = [key for key in keys if key not in KEYS + ","]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no telephone key")
        if len(self._keys) + len(keys) > MAX_WAITING_KEYS:
            raise ValueError(f"more than {MAX_WAITING_KEYS} keys wait to be sent")
        self._keys.extend(keys)

    @property
    def busy(self) -> bool:
        """Whether keys, or the gap after the last one, are still to be sent."""
        return bool(self._keys)

    def duration_s(self) -> float:
        """How long the queued keys will take."""
        return len(self._keys) * (self._tone + self._gap) * BLOCK_S

    def drop(self) -> None:
        """Forget the queued keys: sent later they would answer another question."""
        self._keys.clear()
        self._block = 0

    def block(self, rate: int) -> list[EventPacket]:
        """The packets of the next 20 ms; none in a gap. `rate` is the RTP clock in Hz."""
        if not self._keys:
            return []
        key, self._block = self._keys[0], self._block + 1
        self.blocks += 1
        number = self._block
        packets: list[EventPacket] = []
        if key != "," and number <= self._tone:
            last = number == self._tone
            event = Event(key, round(number * BLOCK_S * rate), last)
            packets = [EventPacket(bytes(event), number == 1)] * (END_REPEATS if last else 1)
            self.sent += last
        if number >= self._tone + self._gap:
            self._keys.popleft()
            self._block = 0
        return packets


class DtmfReceiver:
    """Reads the keys out of event packets: one key for each RTP timestamp."""

    def __init__(self) -> None:
        self._timestamp: int | None = None

    def take(self, payload: bytes, timestamp: int) -> str | None:
        """The key, when this packet is the first one of it that arrived; else None."""
        event = Event.parse(payload)
        if event is None or timestamp == self._timestamp:
            return None
        self._timestamp = timestamp
        return event.key
