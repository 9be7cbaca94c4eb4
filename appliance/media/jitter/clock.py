"""When a far end's sound and picture are due, on one clock: jitter and lip sync."""

from collections import deque

MAX_BUCKETS = 10  # of 1 s: how long the shortest transit is remembered
MAX_SAMPLES = 200  # lateness of the last packets or frames
JITTER_QUANTILE = 0.97
MIN_DELAY_S = 0.015  # the delays of the event loop itself
MAX_DELAY_S = 0.2  # beyond it delay hurts a conversation more than lost sound
MAX_WALL_DIFFERENCE_S = 0.4  # further apart than this, two streams do not share a wall clock
ACTIVE_TIMEOUT_S = 2.0  # a stream without packets for so long does not delay the others
MAX_SLEW = 0.1  # seconds of correction per second
JUMP_THRESHOLD_S = 0.5  # a larger difference is no drift: another stream, or a long stall
MAX_STALL_S = 0.3  # what a stalled network held comes at once; what is late for longer stays so
_NTP_FRACTION = 1 << 32


class StreamClock:
    """The timing of one stream; made by `FarClock.stream`. `rate` is its RTP clock in Hz."""

    def __init__(self, far: "FarClock", rate: int) -> None:
        self.rate = rate
        self.jitter_s = 0.0  # the lateness of nearly all packets is below it
        self._far = far
        self.reset()

    def reset(self) -> None:
        """Begin with another stream of RTP timestamps."""
        self._origin: int | None = None
        self._wall_offset: float | None = None  # sender's wall clock minus media time
        self._minima: deque[tuple[int, float]] = deque(maxlen=MAX_BUCKETS)
        self._late: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._since_sorted = 0
        self._seen_at = 0.0
        self._late_since: float | None = None
        self._offset: float | None = None  # due minus media time, as it is now
        self._moved_at = 0.0

    def media_time(self, timestamp: int) -> float:
        """Seconds of a running RTP timestamp since the first that was seen."""
        return (timestamp - (self._origin or 0)) / self.rate

    def arrived(self, timestamp: int, now: float) -> None:
        """Note a packet of sound, or the last packet of a picture, that came now."""
        if self._origin is None:
            self._origin = timestamp
        self._seen_at = now
        transit = now - self.media_time(timestamp)
        bucket = int(now)
        if self._minima and self._is_another_time(transit - self.min_transit, now):
            self._minima.clear()
            self._late.clear()
            self._late_since = None
        if self._minima and self._minima[-1][0] == bucket:
            if transit < self._minima[-1][1]:
                self._minima[-1] = (bucket, transit)
        else:
            self._minima.append((bucket, transit))
        self._late.append(transit - self.min_transit)
        self._since_sorted += 1
        if self._since_sorted >= 10 or len(self._late) < 20:
            self._since_sorted = 0
            ordered = sorted(self._late)
            self.jitter_s = ordered[min(int(len(ordered) * JITTER_QUANTILE), len(ordered) - 1)]

    def _is_another_time(self, late_s: float, now: float) -> bool:
        """Whether the far end's time has stepped, or stood while it sent nothing."""
        if late_s <= MAX_DELAY_S:
            self._late_since = None
            return late_s < -10 * JUMP_THRESHOLD_S
        if self._late_since is None:
            self._late_since = now
        return late_s > 10 * JUMP_THRESHOLD_S or now - self._late_since > MAX_STALL_S

    @property
    def min_transit(self) -> float:
        """The shortest recent transit: arrival minus media time, in seconds."""
        return min(transit for _, transit in self._minima)

    def sender_report(self, ntp: int, timestamp: int) -> None:
        """An RTCP sender report (RFC 3550 section 6.4.1): `ntp` as 32.32, `timestamp` running."""
        if ntp == 0 or self._origin is None:
            return  # nothing had been sent yet
        offset = ntp / _NTP_FRACTION - self.media_time(timestamp)
        known = self._wall_offset
        if known is None or abs(offset - known) > JUMP_THRESHOLD_S:
            self._wall_offset = offset
        else:
            # Smoothed: one report has the scheduling delay of one moment at the far end.
            self._wall_offset = known + 0.25 * (offset - known)

    @property
    def needs(self) -> float:
        """Arrival minus media time that is late enough for nearly all."""
        delay = min(max(self.jitter_s, MIN_DELAY_S), MAX_DELAY_S)
        return self.min_transit + delay

    @property
    def wall_needs(self) -> float | None:
        """The same against the sender's wall clock; None before a report has come."""
        return None if self._wall_offset is None else self.needs - self._wall_offset

    def active(self, now: float) -> bool:
        """Whether a packet was seen within the last ACTIVE_TIMEOUT_S seconds."""
        return bool(self._minima) and now - self._seen_at < ACTIVE_TIMEOUT_S

    def goal(self, now: float) -> float:
        """Due minus media time as it should be: the slowest of the far end's streams leads."""
        own = self.wall_needs
        if own is None or self._wall_offset is None:
            return self.needs
        return self._wall_offset + self._far.wall_needs(own, now)

    def offset(self, now: float) -> float:
        """Due minus media time as it is, on its way to the goal at no more than `MAX_SLEW`."""
        goal = self.goal(now)
        if self._offset is None or abs(goal - self._offset) > JUMP_THRESHOLD_S:
            self._offset = goal
        else:
            step = MAX_SLEW * max(0.0, now - self._moved_at)
            self._offset += min(max(goal - self._offset, -step), step)
        self._moved_at = now
        return self._offset

    @property
    def delay_s(self) -> float:
        """How long a packet without network delay is held."""
        if self._offset is None or not self._minima:
            return 0.0
        return self._offset - self.min_transit

    def due(self, timestamp: int, now: float) -> float:
        """The monotonic second at which `timestamp` is due."""
        return self.media_time(timestamp) + self.offset(now)


class FarClock:
    """The streams of one far end, which are due together."""

    def __init__(self) -> None:
        self._streams: list[StreamClock] = []

    def stream(self, rate: int) -> StreamClock:
        """A stream with an RTP clock of `rate` Hz."""
        clock = StreamClock(self, rate)
        self._streams.append(clock)
        return clock

    def wall_needs(self, own: float, now: float) -> float:
        """The largest need of the streams on the same wall clock as `own`."""
        needs = [own]
        for stream in self._streams:
            if stream.active(now):
                theirs = stream.wall_needs
                if theirs is not None and abs(theirs - own) < MAX_WALL_DIFFERENCE_S:
                    needs.append(theirs)
        return max(needs)
