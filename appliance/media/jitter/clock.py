"""When a far end's sound and picture are due, on one clock: jitter, sender reports, lip sync."""

from collections import deque

FLOOR_BUCKETS = 10  # of 1 s: how long the quickest packet is remembered
SAMPLES = 200  # lateness of the last packets or frames
QUANTILE = 0.97
DELAY_FLOOR_S = 0.015  # the event loop's own turns
DELAY_CEILING_S = 0.2  # past this a conversation suffers more from delay than from holes
SAME_WALL_S = 0.4  # further apart than this, two streams do not share a wall clock
QUIET_S = 2.0  # a stream that has been still this long does not hold the others back
SLEW = 0.1  # seconds of correction per second
JUMP_S = 0.5  # a difference that is no drift: another stream, or a long stall
_NTP_FRACTION = 1 << 32


class StreamClock:
    """The timing of one stream; made by `FarClock.stream`. `rate` is its RTP clock in Hz."""

    def __init__(self, far: "FarClock", rate: int) -> None:
        self.rate = rate
        self.jitter_s = 0.0  # the lateness that all but a few stay below
        self._far = far
        self.reset()

    def reset(self) -> None:
        """Another stream of RTP timestamps begins."""
        self._origin: int | None = None
        self._wall_offset: float | None = None  # sender's wall clock minus media time
        self._floors: deque[tuple[int, float]] = deque(maxlen=FLOOR_BUCKETS)
        self._late: deque[float] = deque(maxlen=SAMPLES)
        self._since_sorted = 0
        self._seen_at = 0.0
        self._offset: float | None = None  # due minus media time, as it is now
        self._moved_at = 0.0

    def media_time(self, timestamp: int) -> float:
        """Seconds of a running RTP timestamp since the first that was seen."""
        return (timestamp - (self._origin or 0)) / self.rate

    def arrived(self, timestamp: int, now: float) -> None:
        """A packet of sound, or the last packet of a picture, has come."""
        if self._origin is None:
            self._origin = timestamp
        self._seen_at = now
        transit = now - self.media_time(timestamp)
        bucket = int(now)
        if self._floors and abs(transit - self.floor) > 10 * JUMP_S:
            self._floors.clear()
            self._late.clear()
        if self._floors and self._floors[-1][0] == bucket:
            if transit < self._floors[-1][1]:
                self._floors[-1] = (bucket, transit)
        else:
            self._floors.append((bucket, transit))
        self._late.append(transit - self.floor)
        self._since_sorted += 1
        if self._since_sorted >= 10 or len(self._late) < 20:
            self._since_sorted = 0
            ordered = sorted(self._late)
            self.jitter_s = ordered[min(int(len(ordered) * QUANTILE), len(ordered) - 1)]

    @property
    def floor(self) -> float:
        """The shortest transit of late: arrival minus media time, in seconds."""
        return min(transit for _, transit in self._floors)

    def sender_report(self, ntp: int, timestamp: int) -> None:
        """An RTCP sender report (RFC 3550 section 6.4.1): `ntp` as 32.32, `timestamp` running."""
        if ntp == 0 or self._origin is None:
            return  # nothing had been sent yet
        offset = ntp / _NTP_FRACTION - self.media_time(timestamp)
        known = self._wall_offset
        if known is None or abs(offset - known) > JUMP_S:
            self._wall_offset = offset
        else:
            # One report holds the scheduling of one moment at the far end.
            self._wall_offset = known + 0.25 * (offset - known)

    @property
    def needs(self) -> float:
        """Arrival minus media time that is late enough for nearly all."""
        delay = min(max(self.jitter_s, DELAY_FLOOR_S), DELAY_CEILING_S)
        return self.floor + delay

    @property
    def wall_needs(self) -> float | None:
        """The same against the sender's wall clock; None before a report has come."""
        return None if self._wall_offset is None else self.needs - self._wall_offset

    def active(self, now: float) -> bool:
        """Whether a packet was seen within the last QUIET_S seconds."""
        return bool(self._floors) and now - self._seen_at < QUIET_S

    def goal(self, now: float) -> float:
        """Due minus media time as it should be: the slowest of the far end's streams leads."""
        own = self.wall_needs
        if own is None or self._wall_offset is None:
            return self.needs
        return self._wall_offset + self._far.wall_needs(own, now)

    def offset(self, now: float) -> float:
        """Due minus media time as it is, on its way to the goal at no more than `SLEW`."""
        goal = self.goal(now)
        if self._offset is None or abs(goal - self._offset) > JUMP_S:
            self._offset = goal
        else:
            step = SLEW * max(0.0, now - self._moved_at)
            self._offset += min(max(goal - self._offset, -step), step)
        self._moved_at = now
        return self._offset

    @property
    def delay_s(self) -> float:
        """How long what comes without any delay is held back."""
        if self._offset is None or not self._floors:
            return 0.0
        return self._offset - self.floor

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
        """What the slowest of the streams on the same wall clock as `own` needs."""
        needs = [own]
        for stream in self._streams:
            if stream.active(now):
                theirs = stream.wall_needs
                if theirs is not None and abs(theirs - own) < SAME_WALL_S:
                    needs.append(theirs)
        return max(needs)
