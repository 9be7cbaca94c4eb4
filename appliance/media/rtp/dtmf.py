"""DTMF as telephone events (RFC 4733, the wire form of RFC 2833): keys sent, keys heard. Pure."""

import struct
from collections import deque
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
BLOCK_S = 0.02
TONE_S = 0.16  # an RMX wants 100 ms at the least; people press longer
GAP_S = 0.1
ENDS = 3  # the last packet of an event goes out three times (RFC 4733 section 2.5.1.4)
VOLUME = 10  # dB below 0 dBm0
WAITING = 64  # keys that may wait to be sent


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One RTP packet of an event. All of one event bear the timestamp of its first one, which
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
        """None for what is no key."""
        if len(payload) < 4 or payload[0] >= len(KEYS):
            return None
        flags, duration = struct.unpack_from("!BH", payload, 1)
        return cls(KEYS[payload[0]], duration, bool(flags & 0x80), flags & 0x3F)

    def __bytes__(self) -> bytes:
        flags = (0x80 if self.end else 0) | self.volume
        return struct.pack("!BBH", KEYS.index(self.key), flags, min(self.duration, 0xFFFF))


class KeySender:
    """Keys that wait, and the packets to send in place of each 20 ms of sound."""

    def __init__(self, tone_s: float = TONE_S, gap_s: float = GAP_S) -> None:
        self._tone = round(tone_s / BLOCK_S)
        self._gap = round(gap_s / BLOCK_S)
        self._keys: deque[str] = deque()
        self._block = 0  # of the present key, tone and gap
        self.sent = 0

    def press(self, keys: str) -> None:
        """Raises ValueError for what is no key or too much; a comma is a pause of a key."""
        keys = keys.upper().replace(" ", "")
        wrong = [key for key in keys if key not in KEYS + ","]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no telephone key")
        if len(self._keys) + len(keys) > WAITING:
            raise ValueError(f"more than {WAITING} keys wait to be sent")
        self._keys.extend(keys)

    @property
    def busy(self) -> bool:
        """Whether keys or the gap after the last one are still to go out."""
        return bool(self._keys)

    def duration_s(self) -> float:
        """How long the keys that wait will take."""
        return len(self._keys) * (self._tone + self._gap) * BLOCK_S

    def block(self, rate: int) -> list[EventPacket]:
        """The packets of the next 20 ms; none in a gap. `rate` is the RTP clock in Hz."""
        if not self._keys:
            return []
        key, self._block = self._keys[0], self._block + 1
        number = self._block
        packets: list[EventPacket] = []
        if key != "," and number <= self._tone:
            last = number == self._tone
            event = Event(key, round(number * BLOCK_S * rate), last)
            packets = [EventPacket(bytes(event), number == 1)] * (ENDS if last else 1)
            self.sent += last
        if number >= self._tone + self._gap:
            self._keys.popleft()
            self._block = 0
        return packets


class KeyListener:
    """Tells keys apart in the packets of events: one key for each RTP timestamp."""

    def __init__(self) -> None:
        self._timestamp: int | None = None

    def take(self, payload: bytes, timestamp: int) -> str | None:
        """The key, when this packet is the first that is heard of it."""
        event = Event.parse(payload)
        if event is None or timestamp == self._timestamp:
            return None
        self._timestamp = timestamp
        return event.key
