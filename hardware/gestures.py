"""Short, long and stuck presses out of a trembling contact: pure, fed with levels and the time.

| since the level is stable | and | then |
|---|---|---|
| pressed for 1.5 s | not pressed at the start | LONG, while the finger is still on it |
| pressed for 5 s | not pressed at the start | HELD, while the finger is still on it |
| released | before LONG | SHORT |
| released | after LONG | RELEASED |
| pressed for 30 s | | STUCK; ignored from now on |
| released | after STUCK | FREED |

A level counts once it stood for 30 ms, and then from the moment at which it came: contacts bounce
for less than 10 ms, and a long cable beside a mains lead picks up glitches of 20 ms. A button that
is pressed when the box starts is not a press, however long, until it was released once.

The hold is timed here and not by gpiozero: its hold thread may report a hold just after the release
(issue 697), its press fires for what becomes a hold as well (881), and its bounce time means
another thing with every pin library, so that the last edge of a press can be lost (550).
"""

from dataclasses import dataclass
from enum import StrEnum


class Gesture(StrEnum):
    """What a finger, or a broken button, did."""

    SHORT = "short"
    LONG = "long"
    HELD = "held"
    RELEASED = "released"
    STUCK = "stuck"
    FREED = "freed"


@dataclass(frozen=True, slots=True)
class Timing:
    """The times that make a gesture, in seconds."""

    settle: float = 0.03
    hold: float = 1.5
    held: float = 5.0
    stuck: float = 30.0


TIMING = Timing()


class Gestures:
    """One button. Feed `edge` and `pass_time` in order; the past counts as now."""

    def __init__(self, at: float, pressed: bool, timing: Timing = TIMING) -> None:
        self._timing = timing
        self._now = at
        self._raw = pressed  # the level that came last
        self._raw_at = at
        self._down = pressed  # the level that stood long enough
        self._down_at = at
        # what this press becomes by being held; None: nothing, it was there from the start
        self._next: Gesture | None = None if pressed else Gesture.LONG
        self._stuck = False

    @property
    def pressed(self) -> bool:
        """The level that was fed last, settled or not."""
        return self._raw

    @property
    def stuck(self) -> bool:
        """Whether the button is taken for broken now."""
        return self._stuck

    @property
    def due(self) -> float | None:
        """When `pass_time` must be called next, if no edge comes before."""
        timing = self._timing
        if self._raw != self._down:
            return self._raw_at + timing.settle
        if not self._down or self._stuck:
            return None
        match self._next:
            case Gesture.LONG:
                return self._down_at + timing.hold
            case Gesture.HELD:
                return self._down_at + timing.held
        return self._down_at + timing.stuck

    def edge(self, at: float, pressed: bool) -> list[Gesture]:
        """The contact changed to `pressed` at `at`; the same level again is no change."""
        done = self.pass_time(at)
        if pressed != self._raw:
            self._raw, self._raw_at = pressed, self._now
        return done + self.pass_time(at)

    def pass_time(self, at: float) -> list[Gesture]:
        """It is `at` now: give all that came about since the last call."""
        at = max(at, self._now)
        done: list[Gesture] = []
        while (due := self.due) is not None and due <= at:
            self._now = max(self._now, due)
            done += self._happen()
        self._now = at
        return done

    def _happen(self) -> list[Gesture]:
        """What is due, happens; every call brings `due` forward or ends it."""
        if self._raw != self._down:
            self._down, self._down_at = self._raw, self._raw_at
            return self._pressed() if self._down else self._released()
        match self._next:
            case Gesture.LONG:
                self._next = Gesture.HELD
                return [Gesture.LONG]
            case Gesture.HELD:
                self._next = Gesture.STUCK
                return [Gesture.HELD]
        self._stuck = True
        return [Gesture.STUCK]

    def _pressed(self) -> list[Gesture]:
        self._next = Gesture.LONG
        return []

    def _released(self) -> list[Gesture]:
        reached, was_stuck = self._next, self._stuck
        self._next, self._stuck = None, False
        if was_stuck:
            return [Gesture.FREED]
        if reached is None:
            return []
        return [Gesture.SHORT] if reached is Gesture.LONG else [Gesture.RELEASED]
