"""How much to send: bit rate from what the far end reports, and a lid on retransmission."""

LOSS_HOLD = 0.02  # below: room for more
LOSS_CUT = 0.10  # above: the line is full; between them loss is the line's nature
QUEUE_S = 0.25
"""A round trip so far above the best one seen is a queue that fills before anything is lost."""
QUEUE_CUT = 0.3  # a queue says less of how full the line is than loss does
GROWTH = 1.08  # per second, far from where it was full
GROWTH_NEAR_BPS = 20_000.0  # per second, near it
NEAR = 0.85
CUT_PAUSE_S = 0.5  # one cut has to show its effect before the next
STARVED_S = 3.0  # so long at the floor with a full line, and the picture stops
REST_S = 8.0  # so long without loss, and it comes back
RETRANSMISSION = 0.25  # of the media rate
RETRANSMISSION_LEAST_BPS = 100_000.0
REPEAT_S = 0.015  # a packet that was repeated so recently is still on its way


class SendRate:
    """The picture's bit rate: additive and multiplicative increase, multiplicative decrease.

    The sound's rate never changes and outlives the picture: at `floor` with the line still full,
    `video` becomes False, until the line has been clear for a while. Fed with RTCP.
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
        """The far end's own estimate (REMB): never more than this."""
        del now
        self._allowed = max(self._floor, min(bps, self._ceiling))
        self.bps = min(self.bps, self._allowed)

    def loss(self, fraction: float, now: float, round_trip_s: float | None = None) -> None:
        """A receiver report: the `fraction` (0 to 1) of packets lost since the one before, and
        the round trip that it shows."""
        if round_trip_s is not None:
            self._best_round_trip_s = min(self._best_round_trip_s, round_trip_s)
            if round_trip_s > self._best_round_trip_s + QUEUE_S:
                fraction = max(fraction, QUEUE_CUT)
        since = 1.0 if self._grew_at is None else min(now - self._grew_at, 2.0)
        self._grew_at = now
        if fraction > LOSS_CUT:
            self._clear_since = None
            self._cut(fraction, now)
            return
        self._starved_since = None
        if self._clear_since is None:
            self._clear_since = now
        if fraction < LOSS_HOLD:
            self._grow(since)
        if not self.video and now - self._clear_since >= REST_S:
            self.video = True
            self.bps = self._floor
            self._clear_since = now

    def _cut(self, fraction: float, now: float) -> None:
        if now - self._cut_at >= CUT_PAUSE_S:
            self._cut_at = now
            self._full_at = self.bps
            self.bps = max(self._floor, self.bps * (1.0 - 0.5 * fraction))
        if self.bps > self._floor:
            self._starved_since = None
        elif self._starved_since is None:
            self._starved_since = now
        elif now - self._starved_since >= STARVED_S:
            self.video = False

    def _grow(self, seconds: float) -> None:
        grown = self.bps * GROWTH**seconds
        full = self._full_at
        if full is not None and self.bps > NEAR * full:
            grown = min(grown, self.bps + GROWTH_NEAR_BPS * seconds)
            if self.bps > full * 1.2:
                self._full_at = None  # the line has become wider
        self.bps = min(grown, self._allowed)


class Retransmission:
    """Whether a packet may be sent again: a token bucket beside the media rate.

    Without it a full line is filled up with repetitions of what it has just dropped.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._tokens = RETRANSMISSION_LEAST_BPS / 8
        self._at: float | None = None
        self._sent: dict[int, float] = {}  # sequence number, when repeated; 256 at most

    def allows(self, sequence: int, size: int, media_bps: float, now: float) -> bool:
        """Whether `size` bytes of packet `sequence` may go again; True counts as sent."""
        refill = max(RETRANSMISSION_LEAST_BPS, RETRANSMISSION * media_bps) / 8
        if self._at is not None:
            self._tokens = min(refill, self._tokens + refill * (now - self._at))
        self._at = now
        repeated = self._sent.get(sequence)
        if self._tokens < size or (repeated is not None and now - repeated < REPEAT_S):
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
        """`size` bytes went."""
        if self._since is None:
            self._since = now
        self._bytes += size
        passed = now - self._since
        if passed >= 1.0:
            self.bps = self._bytes * 8 / passed
            self._bytes = 0
            self._since = now
