"""How much to send: the bit rate from the far end's reports, and a limit on retransmission."""

MAX_LOSS_TO_GROW = 0.02
MIN_LOSS_TO_CUT = 0.10  # less than this is usual for some lines
QUEUE_THRESHOLD_S = 0.25
"""A round trip so much above the shortest one seen means a queue that fills before it drops."""
QUEUE_LOSS_EQUIVALENT = 0.3  # such a queue counts as this much loss
GROWTH_PER_S = 1.08  # far below the rate at which the line was full
GROWTH_NEAR_FULL_BPS = 20_000.0  # per second, near that rate
NEAR_FULL = 0.85
MIN_CUT_INTERVAL_S = 0.5  # the effect of one cut is awaited before the next
STOP_VIDEO_AFTER_S = 3.0  # at the lowest rate with a full line
RESUME_VIDEO_AFTER_S = 8.0  # without loss
RETRANSMISSION_SHARE = 0.25  # of the media rate
MIN_RETRANSMISSION_BPS = 100_000.0
MIN_REPEAT_INTERVAL_S = 0.015  # the last retransmission is still on its way


class SendRate:
    """The picture's bit rate: additive and multiplicative increase, multiplicative decrease.

    The sound's rate never changes. When the line is still full at `floor`, `video` becomes False
    until there has been no loss for a while. RTCP is the input.
    """

    def __init__(
        self, *, start: float = 1_500_000, floor: float = 150_000, ceiling: float = 2_500_000
    ) -> None:
        self.bps = start
        self.video = True
        self._floor = floor
        self._ceiling = ceiling
        self._allowed = ceiling  # by the far end (REMB)
        self._full_at: float | None = None  # the rate at which the line was full
        self._grew_at: float | None = None
        self._cut_at = float("-inf")
        self._starved_since: float | None = None
        self._clear_since: float | None = None
        self._best_round_trip_s = float("inf")

    def limit(self, bps: float, now: float) -> None:
        """Take the far end's own estimate (REMB), which is never exceeded."""
        del now
        self._allowed = max(self._floor, min(bps, self._ceiling))
        self.bps = min(self.bps, self._allowed)

    def loss(self, fraction: float, now: float, round_trip_s: float | None = None) -> None:
        """Take a receiver report: the `fraction` (0 to 1) of packets lost since the last one,
        and the round trip."""
        if round_trip_s is not None:
            self._best_round_trip_s = min(self._best_round_trip_s, round_trip_s)
            if round_trip_s > self._best_round_trip_s + QUEUE_THRESHOLD_S:
                fraction = max(fraction, QUEUE_LOSS_EQUIVALENT)
        since = 1.0 if self._grew_at is None else min(now - self._grew_at, 2.0)
        self._grew_at = now
        if fraction > MIN_LOSS_TO_CUT:
            self._clear_since = None
            self._cut(fraction, now)
            return
        self._starved_since = None
        if self._clear_since is None:
            self._clear_since = now
        if fraction < MAX_LOSS_TO_GROW:
            self._grow(since)
        if not self.video and now - self._clear_since >= RESUME_VIDEO_AFTER_S:
            self.video = True
            self.bps = self._floor
            self._clear_since = now

    def _cut(self, fraction: float, now: float) -> None:
        if now - self._cut_at >= MIN_CUT_INTERVAL_S:
            self._cut_at = now
            self._full_at = self.bps
            self.bps = max(self._floor, self.bps * (1.0 - 0.5 * fraction))
        if self.bps > self._floor:
            self._starved_since = None
        elif self._starved_since is None:
            self._starved_since = now
        elif now - self._starved_since >= STOP_VIDEO_AFTER_S:
            self.video = False

    def _grow(self, seconds: float) -> None:
        grown = self.bps * GROWTH_PER_S**seconds
        full = self._full_at
        if full is not None and self.bps > NEAR_FULL * full:
            grown = min(grown, self.bps + GROWTH_NEAR_FULL_BPS * seconds)
            if self.bps > full * 1.2:
                self._full_at = None  # the line carries more now
        self.bps = min(grown, self._allowed)


class Retransmission:
    """Limits retransmission to a share of the media rate, by a token bucket.

    Without a limit a full line is filled with retransmissions of what it has just dropped.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._tokens = MIN_RETRANSMISSION_BPS / 8
        self._at: float | None = None
        self._sent: dict[int, float] = {}  # sequence number: when it was sent again; 256 at most

    def allows(self, sequence: int, size: int, media_bps: float, now: float) -> bool:
        """Whether `size` bytes of packet `sequence` may be sent again; True counts as sent."""
        refill = max(MIN_RETRANSMISSION_BPS, RETRANSMISSION_SHARE * media_bps) / 8
        if self._at is not None:
            self._tokens = min(refill, self._tokens + refill * (now - self._at))
        self._at = now
        repeated = self._sent.get(sequence)
        if self._tokens < size or (repeated is not None and now - repeated < MIN_REPEAT_INTERVAL_S):
            self.refused += 1
            return False
        self._tokens -= size
        self._sent.pop(sequence, None)
        self._sent[sequence] = now
        if len(self._sent) > 256:
            del self._sent[next(iter(self._sent))]
        return True


class Meter:
    """Bits per second over the last second or so."""

    def __init__(self) -> None:
        self.bps = 0.0
        self._bytes = 0
        self._since: float | None = None

    def add(self, size: int, now: float) -> None:
        """Count `size` bytes that were sent."""
        if self._since is None:
            self._since = now
        self._bytes += size
        passed = now - self._since
        if passed >= 1.0:
            self.bps = self._bytes * 8 / passed
            self._bytes = 0
            self._since = now
