"""Leaving a meeting and coming back by hand: one gesture, for one button and for two.

A button is held for five seconds and let go. What that would do is said on the TV while the finger
is still on it; to leave is asked once more, to come back is not:

| step | a button | then |
|---|---|---|
| nothing | held for 1.5 s (LONG), where there is a route | HOLDING; the TV counts down to 5 s |
| HOLDING | let go | nothing |
| HOLDING | held for 5 s (HELD) | LET_GO; the TV says so |
| LET_GO, in a call | let go | ASKING for 10 s; the microphone is off |
| LET_GO, after a meeting was left | let go | back in it |
| ASKING | held anew for 1.5 s | left |
| ASKING | pressed | nothing: the site stays |
| any | is stuck, or the route is another | nothing |
| any | time is over | nothing |

*Held anew*, because who presses once more wants to raise the hand that did not go up while they
held the button: no number of short presses ever leaves, and no single hold does. At its *release*,
because a bag that lies on the button never lets go: it is STUCK after 30 s. To come back asks
nothing: it is what the agenda wants, the microphone is off, and the TV and the lamp show it.

A press means what it always means, but for two: one that answers the question means nothing else,
and a hold in a place that can be come back to starts the self-test at its release and not before,
so that nobody who only comes back starts one.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

HOLD_S = 5.0 - 1.5
"""From LONG to HELD (`hardware.gestures.Timing`)."""
LATE_S = 1.0
"""A HELD that comes later than this is of no press that is still known."""
COUNTED_S = 3
"""The TV counts the last so many seconds: who holds to speak does not see it flash."""
LET_GO_S = 30.0 - 5.0
"""From HELD to STUCK."""
ANSWER_S = 10.0
"""How long the question stands; no answer means to stay."""


class Touch(StrEnum):
    """What was done to one button; `hardware.gestures.Gesture` says it of each."""

    SHORT = "short"
    LONG = "long"
    HELD = "held"
    RELEASED = "released"
    STUCK = "stuck"


class Step(StrEnum):
    """How far the gesture is."""

    NOTHING = "nothing"
    HOLDING = "holding"
    LET_GO = "let-go"
    ASKING = "asking"


class Direction(StrEnum):
    """Where the gesture leads."""

    LEAVE = "leave"
    BACK = "back"


class Did(StrEnum):
    """What a touch came to."""

    ORDINARY = "ordinary"  # the press means what it always means
    TAKEN = "taken"  # it means nothing else
    HELD_BRIEFLY = "held briefly"  # it means what a long press means, only now
    ASKED = "asked"
    LEFT = "left"
    CAME_BACK = "came back"


@dataclass(frozen=True, slots=True)
class Route:
    """The route there is now: out of this meeting, or back into it."""

    direction: Direction
    meeting: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """The gesture as it stands; `until` is when it comes to nothing by itself (monotonic s)."""

    step: Step = Step.NOTHING
    route: Route | None = None
    button: str = ""
    until: float = 0.0


NOTHING = ByHand()


def at(state: ByHand, route: Route | None, now: float) -> ByHand:
    """What of it still stands at `now`, where `route` is the one there is."""
    return state if state.route == route and now < state.until else NOTHING


def touch(
    state: ByHand, button: str, what: Touch, route: Route | None, now: float
) -> tuple[ByHand, Did]:
    """`what` was done to `button`: the gesture as it stands then, and what it came to."""
    state = at(state, route, now)
    if what is Touch.STUCK:
        return NOTHING, Did.ORDINARY
    if state.step is Step.ASKING and what in _ANSWERS:
        return NOTHING, _ANSWERS[what]
    if what is Touch.LONG and route is not None:
        held = ByHand(Step.HOLDING, route, button, now + HOLD_S + LATE_S)
        return held, Did.TAKEN if route.direction is Direction.BACK else Did.ORDINARY
    if route is not None and state.button == button:
        return _held(state, what, route, now)
    return state, Did.ORDINARY


_ANSWERS = {Touch.LONG: Did.LEFT, Touch.SHORT: Did.TAKEN}


def _held(state: ByHand, what: Touch, route: Route, now: float) -> tuple[ByHand, Did]:
    """The button that is held, is held for longer or let go."""
    back = route.direction is Direction.BACK
    match state.step, what:
        case Step.HOLDING, Touch.HELD:
            return replace(state, step=Step.LET_GO, until=now + LET_GO_S), Did.TAKEN
        case Step.HOLDING, Touch.RELEASED:
            return NOTHING, Did.HELD_BRIEFLY if back else Did.TAKEN
        case Step.LET_GO, Touch.RELEASED if back:
            return NOTHING, Did.CAME_BACK
        case Step.LET_GO, Touch.RELEASED:
            return ByHand(Step.ASKING, route, until=now + ANSWER_S), Did.ASKED
    return state, Did.ORDINARY


def seconds_left(state: ByHand, now: float) -> int | None:
    """What the TV counts down; None where it shows nothing of the gesture, or no number."""
    match state.step:
        case Step.HOLDING:
            left = ceil(state.until - LATE_S - now)
            return max(1, left) if left <= COUNTED_S else None
        case Step.ASKING:
            return max(1, ceil(state.until - now))
    return None


def next_change(state: ByHand, now: float) -> float | None:
    """When time alone makes the TV say something else of it (monotonic s); None: never."""
    if state.step is Step.NOTHING:
        return None
    if state.step is Step.LET_GO:
        return state.until
    left = state.until - now
    return now + (left % 1.0 or 1.0)


@dataclass(frozen=True, slots=True)
class Sign:
    """What the TV says of the gesture; `seconds` are counted down, None where none are."""

    step: Step
    direction: Direction
    seconds: int | None = None


def sign(state: ByHand, now: float) -> Sign | None:
    """What is to be said at `now`; None: nothing."""
    if state.route is None:
        return None
    left = seconds_left(state, now)
    if state.step is Step.NOTHING or (state.step is Step.HOLDING and left is None):
        return None
    return Sign(state.step, state.route.direction, left)
