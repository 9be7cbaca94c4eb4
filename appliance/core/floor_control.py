"""Hand and microphone: what a press does, what the far end's word does, and what the lamp shows.

What a press does, by where the site is; `+` marks what is asked of others (`Effect`):

| where | short press | long press |
|---|---|---|
| no meeting (idle, upcoming, left) | + show status | + self-test; again: the picture's edges |
| on the way (joining, rejoining, leaving) | + show status | nothing: the camera is the call's |
| in meeting, microphone on | microphone off | microphone off; + floor given back, if it was given |
| in meeting, floor given, microphone off | microphone on | + floor given back |
| in meeting, microphone off, sites speak freely | raise hand; again: lower hand | microphone on |
| in meeting, microphone off | raise hand; again: lower hand | + refused |

*In meeting* is overtime, too, and waiting for the opening, where sites do not speak freely yet: the
floor is nobody's before the begin. The chair may give it, for that is how a line is tested then.

A button that is held for longer leaves the meeting or comes back: `by_hand.py`.

What the far end says, or for one that has no words for it (SIP) the province:

| it says | then |
|---|---|
| your hand is up | confirmed; if it had failed, it came through after all |
| your hand is down | not confirmed |
| the floor is yours | given; the microphone stays as it is, for only a hand at the site speaks |
| the floor is not yours | not given, microphone off |
| nothing in time, or no | failed, the hand is down: pressing again raises it again |

What the lamp shows, first match first:

| when | lamp |
|---|---|
| the microphone is on | green |
| idle, left, leaving | off |
| upcoming, joining, and the TV is not confirmed | TV dark: red and amber in turn |
| upcoming, joining | near: slow pulse |
| the floor is ours, the microphone still off | yours: amber, blinking fast |
| the hand failed | failed: red double blink |
| the hand is confirmed | amber |
| the hand is wanted | amber blink |
| waiting, and the TV is not confirmed | TV dark |
| in meeting, waiting, overtime, rejoining | red |

The rules behind it: a live microphone goes off at any press; nobody outside the room switches it
on; switching it on is what the hand was raised for, so the hand goes down; the lamp shows what was
confirmed, never the press. A call that drops keeps the wish to speak and nothing else.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.core.decision import IN_CALL, Phase

CONFIRM_S = 5.0
"""A hand that the far end did not confirm in this time has failed, and people are told so."""


class Press(StrEnum):
    """What a finger did to the button."""

    SHORT = "short"  # acted on at release
    LONG = "long"  # acted on at the hold time, while still held


class Lamp(StrEnum):
    """What the lamp tells; hardware knows how each looks."""

    OFF = "off"
    NEAR = "near"
    RED = "red"
    AMBER_BLINK = "amber blink"
    AMBER = "amber"
    YOURS = "yours"
    GREEN = "green"
    FAILED = "failed"
    TV_DARK = "tv dark"


class Effect(StrEnum):
    """What a press asks of others, beside the new floor."""

    SHOW_STATUS = "show status"  # the next meeting and the site's state, on the TV for 10 s
    SELF_TEST = "self-test"
    GIVE_BACK = "give back"  # tell the far end that this site wants the floor no more
    REFUSED = "refused"  # say on the TV that the chair gives the floor here


@dataclass(frozen=True, slots=True)
class Floor:
    """Hand and microphone of this site; all off outside a meeting."""

    hand: bool = False  # wanted up
    hand_confirmed: bool = False  # the far end says it is up
    given: bool = False  # the chair gave this site the floor
    mic: bool = False  # the microphone is live
    failed: bool = False  # the far end did not take the hand
    returned: bool = False  # given back here, and the far end still says that it is ours


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press comes to."""

    floor: Floor
    effect: Effect | None = None


NO_MEETING = frozenset({Phase.IDLE, Phase.UPCOMING, Phase.LEFT})
"""The phases in which a press has nothing to do with a call."""


def press(floor: Floor, kind: Press, *, phase: Phase, free: bool) -> Pressed:
    """The one button; `free` says that this meeting lets sites speak freely."""
    if phase in NO_MEETING:
        return Pressed(floor, Effect.SHOW_STATUS if kind is Press.SHORT else Effect.SELF_TEST)
    if phase not in IN_CALL:
        return Pressed(floor, Effect.SHOW_STATUS if kind is Press.SHORT else None)
    if kind is Press.LONG:
        return _long(floor, free and phase is not Phase.WAITING)
    if floor.mic:
        return Pressed(replace(floor, mic=False))
    if floor.given:
        return Pressed(_speak(floor))
    return Pressed(_hand(floor, up=not floor.hand))


def mute(floor: Floor, *, phase: Phase, free: bool) -> Pressed:
    """The second button, where there is one: microphone on or off, and never the hand."""
    if phase not in IN_CALL:
        return Pressed(floor, Effect.SHOW_STATUS)
    if floor.mic:
        return Pressed(replace(floor, mic=False))
    if floor.given or (free and phase is not Phase.WAITING):
        return Pressed(_speak(floor))
    return Pressed(floor, Effect.REFUSED)


def confirm(floor: Floor, up: bool) -> Floor:
    """The far end says whether it sees this site's hand."""
    if up and floor.failed:
        return replace(floor, hand=True, hand_confirmed=True, failed=False)
    return replace(floor, hand_confirmed=up)


def fail(floor: Floor) -> Floor:
    """The far end did not take the wished hand within `CONFIRM_S`, or refused it.

    A hand that could not be lowered is no failure to show: the lamp still says that it is up.
    """
    return replace(floor, hand=False, failed=True) if floor.hand else floor


def give(floor: Floor) -> Floor:
    """The chair gives this site the floor; it does not open the microphone."""
    return replace(floor, given=True, returned=False)


def take_back(floor: Floor) -> Floor:
    """The chair takes the floor back; the microphone closes at once."""
    return replace(floor, given=False, mic=False, returned=False)


def hear(floor: Floor, *, confirmed: bool, given: bool) -> Floor:
    """The far end's two facts as they stand now; the same ones twice change nothing."""
    if given and not floor.given and not floor.returned:
        floor = give(floor)
    elif not given and (floor.given or floor.returned):
        floor = take_back(floor)
    return floor if confirmed == floor.hand_confirmed else confirm(floor, confirmed)


def drop(floor: Floor) -> Floor:
    """The call went away in the middle: the wish to speak stays, the rest was the call's."""
    return Floor(hand=floor.hand)


def leave() -> Floor:
    """The meeting is over, or was left: everything is off."""
    return Floor()


def within(floor: Floor, phase: Phase) -> Floor:
    """What of the floor may stand in this phase; saying it twice changes nothing."""
    if phase in IN_CALL:
        return floor
    return drop(floor) if phase is Phase.REJOINING else leave()


def lamp(floor: Floor, phase: Phase, *, tv_dark: bool = False) -> Lamp:
    """What the lamp shows; `tv_dark`: before the meeting, the TV has not said that it is on."""
    near = phase in (Phase.UPCOMING, Phase.JOINING)
    rows = (
        (floor.mic, Lamp.GREEN),
        (phase in (Phase.IDLE, Phase.LEFT, Phase.LEAVING), Lamp.OFF),
        (near and tv_dark, Lamp.TV_DARK),
        (near, Lamp.NEAR),
        (floor.given and phase in IN_CALL, Lamp.YOURS),
        (floor.failed, Lamp.FAILED),
        (floor.hand_confirmed, Lamp.AMBER),
        (floor.hand, Lamp.AMBER_BLINK),
        (phase is Phase.WAITING and tv_dark, Lamp.TV_DARK),
    )
    return next((shown for holds, shown in rows if holds), Lamp.RED)


def _long(floor: Floor, free: bool) -> Pressed:
    if floor.given:
        return Pressed(replace(floor, mic=False, given=False, returned=True), Effect.GIVE_BACK)
    if floor.mic:
        return Pressed(replace(floor, mic=False))
    return Pressed(_speak(floor)) if free else Pressed(floor, Effect.REFUSED)


def _speak(floor: Floor) -> Floor:
    return replace(floor, mic=True, hand=False, failed=False)


def _hand(floor: Floor, *, up: bool) -> Floor:
    """A hand that goes up again asks anew, also for a floor that was just given back."""
    return replace(floor, hand=up, failed=False, returned=floor.returned and not up)
