"""A moment in two clocks: what people read may be set, what is waited for must not jump with it."""

from dataclasses import dataclass

STEP_S = 1.0
"""Two clocks that drift apart by less have only been slewed."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment, as the wall clock and a monotonic clock have it."""

    wall: float
    """POSIX s."""
    monotonic: float
    """Seconds of a clock that never jumps."""

    def seen_from(self, later: "Moment") -> "Moment":
        """The same moment, where the wall clock has been set since: as long ago as it was.

        Unchanged otherwise, to the last digit: a scene that holds it must not be drawn again.
        """
        ago = later.monotonic - self.monotonic
        if abs(later.wall - self.wall - ago) <= STEP_S:
            return self
        return Moment(later.wall - ago, self.monotonic)
