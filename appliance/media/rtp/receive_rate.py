"""How much a far end may send (REMB): a ceiling, and less while queues in the network grow."""

from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

REMB_INTERVAL_S = 1.0  # repeated, since a browser forgets it
CUT_FACTOR = 0.85  # of the incoming rate while the line is over-used
MIN_CUT_INTERVAL_S = 0.3
GROWTH_PER_S = 1.2
MIN_BPS = 150_000.0


class ReceiveRate:
    """The receiver's estimate (draft-alvestrand-rmcat-remb), from send times and arrivals.

    aiortc's detector finds out when queues grow. Its rate control is not used: it takes the
    incoming rate for what the line can carry, so a far end with a still picture would be held to
    that rate when the picture begins to move.
    """

    def __init__(self, ceiling: float) -> None:
        self.bps = float(ceiling)
        self._ceiling = float(ceiling)
        self._estimator = RemoteBitrateEstimator()
        self._sent_at: float | None = None
        self._cut_at = float("-inf")

    def add(
        self, send_time: int | None, size: int, ssrc: int, arrival_ms: int, now: float
    ) -> float | None:
        """Take a packet of `size` bytes with the abs-send-time `send_time` (24 bits, None without).

        Returns bit/s when it is time to send them to the far end, else None.
        """
        full = False
        if send_time is not None:
            self._estimator.add(
                abs_send_time=send_time, arrival_time_ms=arrival_ms, payload_size=size, ssrc=ssrc
            )
            full = self._estimator.detector.state() == BandwidthUsage.OVERUSING
        if full and now - self._cut_at >= MIN_CUT_INTERVAL_S:
            coming = self._estimator.incoming_bitrate.rate(arrival_ms)
            if coming is not None and CUT_FACTOR * coming < self.bps:
                self._cut_at = now
                self.bps = max(MIN_BPS, CUT_FACTOR * coming)
                self._sent_at = now
                return self.bps
        if self._sent_at is not None and now - self._sent_at < REMB_INTERVAL_S:
            return None
        if self._sent_at is not None and not full:
            self.bps = min(self._ceiling, self.bps * GROWTH_PER_S ** min(now - self._sent_at, 2.0))
        self._sent_at = now
        return self.bps
