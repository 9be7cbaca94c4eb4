"""Timing of capture: when a recorded frame is due, and which frames exceed the frame rate."""

from __future__ import annotations


class Pace:
    """Maps media time onto the monotonic clock. After a stall it continues from now, so that what
    was missed is not sent in a burst."""

    def __init__(self, slack_s: float = 0.25) -> None:
        self._slack = slack_s
        self._origin: float | None = None

    def due(self, media_s: float, now: float) -> float:
        """The monotonic second at which the frame of this media second is to be shown."""
        if self._origin is None or not -self._slack <= self._origin + media_s - now <= 2.0:
            self._origin = now - media_s
        return self._origin + media_s


class FrameRateLimiter:
    """Lets at most `fps` frames a second pass, evenly spaced."""

    def __init__(self, fps: float) -> None:
        self.interval = 1 / fps
        self._next = float("-inf")

    def accept(self, at: float) -> bool:
        """Whether the frame that was captured at this second is kept."""
        # a quarter of an interval early is jitter, not too many
        if at < self._next - self.interval / 4:
            return False
        in_step = at - self._next < self.interval
        self._next = (self._next if in_step else at) + self.interval
        return True
