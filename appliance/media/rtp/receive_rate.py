"""How much a far end may send: the ceiling, and less while the queues on the way grow."""

from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

TELL_S = 1.0  # REMB is repeated, for a browser forgets it
CUT = 0.85  # of what comes in while the line is over-used
CUT_PAUSE_S = 0.3
GROWTH = 1.2  # per second
LEAST_BPS = 150_000.0


class ReceiveRate:
    """The receiver's estimate (draft-alvestrand-rmcat-remb), from send times and arrivals.

    aiortc's detector says when queues grow. Its rate control is not used: it takes what comes
    in for what the line can carry, and a far end that shows a still picture would be held down
    to that when it begins to move.
    """

    def __init__(self, ceiling: float) -> None:
        self.bps = float(ceiling)
        self._ceiling = float(ceiling)
        self._estimator = RemoteBitrateEstimator()
        self._told_at: float | None = None
        self._cut_at = float("-inf")

    def add(
        self, send_time: int | None, size: int, ssrc: int, arrival_ms: int, now: float
    ) -> float | None:
        """One packet of `size` bytes with the abs-send-time `send_time` (24 bits, None without).

        Gives bits per second when it is time to tell them to the far end.
        """
        full = False
        if send_time is not None:
            self._estimator.add(
                abs_send_time=send_time, arrival_time_ms=arrival_ms, payload_size=size, ssrc=ssrc
            )
            full = self._estimator.detector.state() == BandwidthUsage.OVERUSING
        if full and now - self._cut_at >= CUT_PAUSE_S:
            coming = self._estimator.incoming_bitrate.rate(arrival_ms)
            if coming is not None and CUT * coming < self.bps:
                self._cut_at = now
                self.bps = max(LEAST_BPS, CUT * coming)
                self._told_at = now
                return self.bps
        if self._told_at is not None and now - self._told_at < TELL_S:
            return None
        if self._told_at is not None and not full:
            self.bps = min(self._ceiling, self.bps * GROWTH ** min(now - self._told_at, 2.0))
        self._told_at = now
        return self.bps
