"""H.264 packets as an encoder would send them, and a net with a clock of its own."""

import heapq
import random
from dataclasses import replace

from appliance.media.jitter.packets import Packet
from appliance.media.jitter.video import AccessUnit, VideoJitterBuffer

START = b"\0\0\0\1"


def picture(number: int, *, key: bool, first: int, packets: int = 4) -> list[Packet]:
    """One frame; its slices carry its number. A key frame begins with its parameter sets."""
    tag = number.to_bytes(4)
    bodies = [b"\x65" if key else b"\x41"] * packets
    if key:
        bodies = [b"\x67", b"\x68", *bodies]
    return [
        Packet(
            sequence=(first + index) & 0xFFFF,
            timestamp=(number * 3000) & 0xFFFFFFFF,
            payload=body + tag + bytes([index]),
            marker=index == len(bodies) - 1,
            ssrc=7,
        )
        for index, body in enumerate(bodies)
    ]


def stream(frames: int, *, first: int = 100, keys: tuple[int, ...] = (0,)) -> list[list[Packet]]:
    """`frames` frames, of which `keys` are key frames; sequence numbers from `first` on."""
    made = []
    for number in range(frames):
        packets = picture(number, key=number in keys, first=first)
        first += len(packets)
        made.append(packets)
    return made


def coded(packets: list[Packet]) -> bytes:
    """The access unit that a frame's packets carry."""
    return b"".join(START + packet.payload for packet in packets)


class Net:
    """Carries a stream to a jitter buffer and its questions back, in simulated time."""

    def __init__(
        self, jitter: VideoJitterBuffer, *, loss: float = 0.0, trip_s: float = 0.05, seed: int = 1
    ) -> None:
        self.jitter = jitter
        self.units: list[tuple[float, AccessUnit]] = []
        self.nacks = 0
        self.keyframe_requests: list[float] = []
        self.first_asked: dict[int, float] = {}
        self._loss = loss
        self._trip_s = trip_s
        self._random = random.Random(seed)
        self._arrivals: list[tuple[float, int, Packet]] = []
        self._count = 0
        self._sent: dict[int, Packet] = {}
        self.now = 1000.0

    def send(self, packet: Packet, at: float, *, lost: bool | None = None) -> None:
        """Put a packet on its way; `lost` decides, else chance does."""
        self._sent[packet.sequence] = packet
        if self._random.random() < self._loss if lost is None else lost:
            return
        self._count += 1
        heapq.heappush(self._arrivals, (at + self._trip_s / 2, self._count, packet))

    def run(self, until: float) -> None:
        """Let everything happen up to simulated second `until`."""
        while True:
            timer = self.jitter.next_timer()
            at = min(
                self._arrivals[0][0] if self._arrivals else until,
                until if timer is None else max(timer, self.now),
            )
            if at >= until:
                self.now = until
                return
            self.now = at
            if self._arrivals and self._arrivals[0][0] <= at:
                packet = heapq.heappop(self._arrivals)[2]
                self.units += [(at, unit) for unit in self.jitter.add(packet, at)]
            self._speak_back()

    def _speak_back(self) -> None:
        for sequence in self.jitter.nacks(self.now):
            self.nacks += 1
            self.first_asked.setdefault(sequence, self.now)
            packet = self._sent.get(sequence)
            if packet is not None and self._random.random() >= self._loss:
                self.send(replace(packet, repeated=True), self.now + self._trip_s / 2)
        if self.jitter.wants_keyframe(self.now):
            self.keyframe_requests.append(self.now)
