"""The audio jitter buffer: packets in order of their times, lost ones named, never waited for."""

from dataclasses import dataclass

from appliance.media.jitter.packets import Packet, Unwrapper

MAX_BUFFER_S = 0.4  # twice the longest delay of the clock
MAX_PACKETS = 256  # no codec cuts MAX_BUFFER_S into more
JUMP_THRESHOLD_S = 5.0  # a step in timestamps that no loss explains: another stream


@dataclass(frozen=True, slots=True)
class Sound:
    """One packet to decode; `timestamp` runs on."""

    payload: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Silence:
    """The sender sent nothing for `length` ticks of the RTP clock, on purpose (RFC 3551 4.1)."""

    length: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets are lost: `length` ticks of the RTP clock from `timestamp` are to be concealed."""

    timestamp: int
    length: int


class AudioJitterBuffer:
    """The jitter buffer of one audio stream with an RTP clock of `rate` Hz.

    `add` takes packets, `take` gives what is to be played next; the caller decides when. What comes
    after its turn is dropped; at most `MAX_BUFFER_S` waits.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.lost = 0
        self.late = 0
        self.ssrc = -1
        self.streams = -1  # how many streams have begun after the first
        self._restart()

    def _restart(self) -> None:
        self.streams += 1
        self._sequences = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._held: dict[int, tuple[Packet, int]] = {}  # by running sequence number
        self._next: int | None = None  # the sequence number that is next
        self._cursor = 0  # the timestamp that is next
        self._newest: int | None = None
        self._highest = 0  # the sequence number of the newest packet

    def running(self, timestamp: int) -> int:
        """The running form of a timestamp near the last one, as a sender report has it."""
        return self._timestamps.near(timestamp)

    def __len__(self) -> int:
        return len(self._held)

    @property
    def cursor(self) -> int:
        """The running timestamp that `take` continues from."""
        if self._next is None and self._held:
            return self._held[min(self._held)][1]
        return self._cursor

    def pause(self) -> None:
        """The far end is silent; the next packet begins a new run."""
        self._next = None
        self._held.clear()

    def skip_before(self, timestamp: int) -> None:
        """Drop what is older than the running `timestamp`."""
        self._next = None
        for old in [held for held, (_, time) in self._held.items() if time < timestamp]:
            del self._held[old]

    def add(self, packet: Packet) -> None:
        """Take a packet; what is too late or came twice is dropped."""
        if packet.ssrc != self.ssrc and self._newest is not None:
            self._restart()
        self.ssrc = packet.ssrc
        if not packet.payload:
            return
        if self._newest is not None:
            step = (packet.timestamp - self._newest + 0x80000000) % 0x100000000 - 0x80000000
            follows = self._sequences.near(packet.sequence) > self._highest
            # What was sent later is of a later time, else the far end began anew.
            if abs(step) > JUMP_THRESHOLD_S * self.rate or follows is not (step > 0):
                self._restart()
        sequence = self._sequences(packet.sequence)
        timestamp = self._timestamps(packet.timestamp)
        if self._newest is None or sequence > self._highest:
            self._highest = sequence
        self._newest = timestamp if self._newest is None else max(timestamp, self._newest)
        if sequence in self._held:
            return
        if self._next is not None and (sequence < self._next or timestamp < self._cursor):
            self.late += 1
            return
        self._held[sequence] = (packet, timestamp)
        while self._held and (len(self._held) > MAX_PACKETS or self._waited(self._newest)):
            self._drop_oldest()

    def _waited(self, newest: int) -> bool:
        """Whether what is held reaches further back than `MAX_BUFFER_S`."""
        return newest - min(time for _, time in self._held.values()) > MAX_BUFFER_S * self.rate

    def _drop_oldest(self) -> None:
        oldest = min(self._held)
        del self._held[oldest]
        if self._held and self._next is not None:
            self._next = min(self._held)
            self._cursor = self._held[self._next][1]

    def take(self) -> Sound | Silence | Loss | None:
        """The next item; None when everything that came has been played.

        After a `Sound` the caller says by `played` how many ticks it lasted.
        """
        if not self._held:
            return None
        first = min(self._held)
        packet, timestamp = self._held[first]
        if self._next is None:
            self._next = first
            self._cursor = timestamp
        if timestamp > self._cursor:
            length = timestamp - self._cursor
            missing = first - self._next
            start = self._cursor
            self._cursor = timestamp
            self._next = first
            if missing:
                self.lost += missing
                return Loss(start, length)
            return Silence(length)
        del self._held[first]
        self._next = first + 1
        return Sound(packet.payload, timestamp)

    def played(self, length: int) -> None:
        """The last `Sound` lasted `length` ticks."""
        self._cursor += length
