"""How good the line is, in the three steps that a room can act on, and in figures."""

from collections import deque

from appliance.core.scenes import LineQuality
from appliance.dialers.api import CallStatistics

POOR_LOSS, FAIR_LOSS = 0.05, 0.01
"""Shares of lost packets: at 5 % speech begins to suffer, at 1 % pictures do."""
POOR_RTT_MS, FAIR_RTT_MS = 600.0, 300.0
"""Talk collides above about 300 ms (ITU-T G.114 counts 150 ms one way)."""
MIN_PACKETS = 50
MAX_SAMPLES = 4
"""So many of the newest samples make a figure; at one each 3 s, a report's time."""


class Quality:
    """Judges what came in between two samples."""

    def __init__(self) -> None:
        self._lost = 0
        self._received = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=MAX_SAMPLES)
        self._rtt_ms: float | None = None

    def of(self, statistics: CallStatistics) -> LineQuality:
        """The line since the last sample; unknown where too few packets came to tell."""
        lost = statistics.lost_packets - self._lost
        received = statistics.received_packets - self._received
        if received + lost < MIN_PACKETS:
            return LineQuality.UNKNOWN
        self._lost, self._received = statistics.lost_packets, statistics.received_packets
        lost = max(0, lost)
        share = lost / (received + lost)
        self._samples.append((lost, received))
        self._rtt_ms = statistics.rtt_ms
        rtt = statistics.rtt_ms or 0.0
        if share >= POOR_LOSS or rtt >= POOR_RTT_MS:
            return LineQuality.POOR
        return LineQuality.FAIR if share >= FAIR_LOSS or rtt >= FAIR_RTT_MS else LineQuality.GOOD

    @property
    def figures(self) -> dict[str, float]:
        """``loss_percent`` and ``rtt_ms`` of the newest samples, as far as they are known."""
        lost = sum(lost for lost, _ in self._samples)
        packets = lost + sum(received for _, received in self._samples)
        figures = {"loss_percent": round(100 * lost / packets, 2)} if packets else {}
        if self._rtt_ms is not None:
            figures["rtt_ms"] = round(self._rtt_ms, 1)
        return figures
