"""Which packets are missing, when to ask for them again, and when asking is no use any more."""

from dataclasses import dataclass

FIRST_ROUND_TRIP_S = 0.1  # before anything is known: an answer within 100 ms is usual
RETRY_FLOOR_S = 0.02  # below this, answers already on their way would be asked for again
RETRY_MARGIN_S = 0.01  # the far end answers at its next turn, not at once
TRIES = 10
REORDER_CEILING_S = 0.03


@dataclass(slots=True)
class _Hole:
    seen_at: float
    ask_at: float
    asked_at: float = 0.0
    tries: int = 0


class Holes:
    """The missing packets of one stream, by running sequence number.

    A hole is asked for at once; when a net turns out to reorder, after the time by which
    packets were late there. Asked again after a round trip, `TRIES` times at most.
    """

    def __init__(self) -> None:
        self.round_trip_s: float | None = None
        self.asked = 0  # sequence numbers asked for at least once, for the statistics
        self._holes: dict[int, _Hole] = {}
        self._reorder_s = 0.0
        self._has_stream = False  # repetitions come in a stream of their own

    def __len__(self) -> int:
        return len(self._holes)

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._holes

    @property
    def oldest(self) -> float | None:
        """When the hole was seen that has been open longest."""
        return min((hole.seen_at for hole in self._holes.values()), default=None)

    def older_than(self, age_s: float, now: float) -> list[float]:
        """When the holes were seen that have been open for so long."""
        return [hole.seen_at for hole in self._holes.values() if now - hole.seen_at >= age_s]

    def open(self, first: int, last: int, now: float) -> None:
        """Packets `first` to `last` have not come."""
        for sequence in range(first, last + 1):
            self._holes[sequence] = _Hole(now, now + self._reorder_s)

    def heal(self, sequence: int, repeated: bool, now: float) -> bool:
        """A packet has come, `repeated` by a retransmission stream or not.

        Says whether it had been missing. Learns from it how long an answer takes, or that it was
        no answer and only overtaken.
        """
        hole = self._holes.pop(sequence, None)
        if hole is None:
            return False
        self._has_stream = self._has_stream or repeated
        known = self.round_trip_s
        if repeated:
            answer = True
        elif self._has_stream or hole.tries == 0:
            answer = False
        else:
            answer = known is None or now - hole.asked_at > 0.7 * known
        if not answer:
            late = min(now - hole.seen_at + 0.002, REORDER_CEILING_S)
            self._reorder_s = max(late, self._reorder_s * 0.98)
        elif hole.tries == 1:
            sample = now - hole.asked_at
            self.round_trip_s = sample if known is None else 0.8 * known + 0.2 * sample
        return True

    def forget_before(self, sequence: int) -> None:
        """Nothing before `sequence` is of interest any more."""
        for old in [missing for missing in self._holes if missing < sequence]:
            del self._holes[old]

    def clear(self) -> None:
        """Forget every missing packet."""
        self._holes.clear()

    def due(self, now: float) -> list[int]:
        """The sequence numbers to ask for now; each is given once until its next try is due."""
        asked = []
        for sequence, hole in self._holes.items():
            if hole.ask_at <= now and hole.tries < TRIES:
                self.asked += hole.tries == 0
                hole.tries += 1
                hole.asked_at = now
                hole.ask_at = now + self._retry_s(hole.tries)
                asked.append(sequence)
        return sorted(asked)

    def next_timer(self) -> float | None:
        """The monotonic second at which `due` has the next number; None when there is none."""
        return min(
            (hole.ask_at for hole in self._holes.values() if hole.tries < TRIES), default=None
        )

    def _retry_s(self, tries: int) -> float:
        trip = FIRST_ROUND_TRIP_S if self.round_trip_s is None else self.round_trip_s
        # Each try waits a little longer: a queue that grows on the way must not be fed.
        return max(RETRY_FLOOR_S, trip * 1.1 + RETRY_MARGIN_S) * 1.15 ** (tries - 1)
