"""Which packets of a stream are missing, and when to request each again (NACK)."""

from dataclasses import dataclass

DEFAULT_ROUND_TRIP_S = 0.1  # until one is measured
MIN_RETRY_S = 0.02  # sooner, packets already on their way would be requested again
RETRY_MARGIN_S = 0.01  # the far end may not answer at once
MAX_TRIES = 10
MAX_REORDER_S = 0.03


@dataclass(slots=True)
class _Missing:
    seen_at: float
    request_at: float
    requested_at: float = 0.0
    tries: int = 0


class MissingPackets:
    """The missing packets of one stream, by running sequence number.

    A missing packet is requested at once; on a network that reorders, after the time by which
    packets were late there. It is requested again after a round trip, `MAX_TRIES` times at most.
    """

    def __init__(self) -> None:
        self.round_trip_s: float | None = None
        self.requested = 0  # sequence numbers requested at least once, for the statistics
        self._missing: dict[int, _Missing] = {}
        self._reorder_s = 0.0
        self._has_stream = False  # retransmissions have their own stream (RFC 4588)

    def __len__(self) -> int:
        return len(self._missing)

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._missing

    @property
    def oldest(self) -> float | None:
        """When the longest missing packet was noticed; None when none is missing."""
        return min((packet.seen_at for packet in self._missing.values()), default=None)

    def older_than(self, age_s: float, now: float) -> list[float]:
        """When each packet that has been missing for `age_s` or longer was noticed."""
        return [
            packet.seen_at for packet in self._missing.values() if now - packet.seen_at >= age_s
        ]

    def add(self, first: int, last: int, now: float) -> None:
        """Packets `first` to `last` are missing."""
        for sequence in range(first, last + 1):
            self._missing[sequence] = _Missing(now, now + self._reorder_s)

    def received(self, sequence: int, repeated: bool, now: float) -> bool:
        """Note a packet that came, `repeated` by a retransmission stream or not.

        Returns whether it had been missing. Its delay shows the round trip, or that the packet was
        only reordered.
        """
        packet = self._missing.pop(sequence, None)
        if packet is None:
            return False
        self._has_stream = self._has_stream or repeated
        known = self.round_trip_s
        if repeated:
            answer = True
        elif self._has_stream or packet.tries == 0:
            answer = False
        else:
            answer = known is None or now - packet.requested_at > 0.7 * known
        if not answer:
            late = min(now - packet.seen_at + 0.002, MAX_REORDER_S)
            self._reorder_s = max(late, self._reorder_s * 0.98)
        elif packet.tries == 1:
            sample = now - packet.requested_at
            self.round_trip_s = sample if known is None else 0.8 * known + 0.2 * sample
        return True

    def forget_before(self, sequence: int) -> None:
        """Drop everything before `sequence`."""
        for old in [missing for missing in self._missing if missing < sequence]:
            del self._missing[old]

    def clear(self) -> None:
        """Forget every missing packet."""
        self._missing.clear()

    def due(self, now: float) -> list[int]:
        """The sequence numbers to request now; each is given once until its next try is due."""
        requested = []
        for sequence, packet in self._missing.items():
            if packet.request_at <= now and packet.tries < MAX_TRIES:
                self.requested += packet.tries == 0
                packet.tries += 1
                packet.requested_at = now
                packet.request_at = now + self._retry_s(packet.tries)
                requested.append(sequence)
        return sorted(requested)

    def next_timer(self) -> float | None:
        """The monotonic second at which `due` has the next number; None when there is none."""
        return min(
            (packet.request_at for packet in self._missing.values() if packet.tries < MAX_TRIES),
            default=None,
        )

    def _retry_s(self, tries: int) -> float:
        trip = DEFAULT_ROUND_TRIP_S if self.round_trip_s is None else self.round_trip_s
        # Each retry waits longer, so as not to fill a queue in the network.
        return max(MIN_RETRY_S, trip * 1.1 + RETRY_MARGIN_S) * 1.15 ** (tries - 1)
