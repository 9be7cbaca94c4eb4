"""Whether media moves: the watchdog and `flowed` ask it, frames feed it."""

from collections import deque

WINDOW = 64  # beats that are remembered for the rate


class Activity:
    """Counts beats (frames) of one stream; `now` is a monotonic second."""

    def __init__(self) -> None:
        self.beats = 0
        self._times: deque[float] = deque(maxlen=WINDOW)

    def beat(self, now: float) -> None:
        """One frame has moved."""
        self.beats += 1
        self._times.append(now)

    @property
    def last(self) -> float | None:
        """When the last frame moved; None when none ever did."""
        return self._times[-1] if self._times else None

    def moves(self, now: float, within_s: float = 2.0) -> bool:
        """Whether a frame has moved in the last `within_s` seconds."""
        return self.last is not None and now - self.last <= within_s

    def rate(self, now: float, over_s: float = 2.0) -> float:
        """Frames a second over the last `over_s` seconds, or as far back as is remembered."""
        beats = [at for at in self._times if now - at <= over_s]
        if not beats:
            return 0.0
        if len(beats) == WINDOW:
            over_s = max(now - beats[0], 1e-3)
        return len(beats) / over_s
