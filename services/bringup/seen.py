"""What the bring-up card has seen over all its starts: one value, kept on the data partition.

Pure: each function takes what was and what is, and gives what is seen by now; whoever reads sysfs
and whoever writes the disk are elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

MAX_NOTED = 8
"""Of a list that hands could make as long as they like."""


class Ending(StrEnum):
    """How this card ends a start by itself."""

    RESTART = "restart"
    PANIC = "panic"
    HANG = "hang"
    BACK = "back"
    """Into the slot that ran before the update."""


class Arrival(StrEnum):
    """Which of the two was plugged in first."""

    WEBCAM = "webcam first"
    SPEAKERPHONE = "speakerphone first"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that counts over restarts; a new card has the defaults."""

    step: int = 0
    """The place in `steps.STEPS`."""
    step_s: float = 0.0
    """How long it has been this step's turn."""
    boot_id: str = ""
    starts: int = 0
    restarts: int = 0
    """Starts after a restart that this card had asked for."""
    pulls: int = 0
    """Starts that it had not asked for: the plug."""
    pending: str = ""
    """An `Ending` that was begun, and after which there is to be another start."""
    panic: str = ""
    """What the start after the panic found: its words."""
    hang: str = ""
    """What came after systemd was stopped."""
    refused: str = ""
    """Why this card does not restart by itself."""
    slots: tuple[str, ...] = ()
    """The slots that ran, each as often as it came."""
    shown: frozenset[str] = frozenset()
    """HDMI sockets that have had a TV with a picture."""
    away: int = 0
    back: int = 0
    """How often a TV's plug (or its power) was seen to go and to come again."""
    away_in_call: int = 0
    back_in_call: int = 0
    dark_start: bool = False
    """This start began without a TV."""
    late_tvs: int = 0
    """Starts without a TV in which one came."""
    gestures: frozenset[str] = frozenset()
    """Values of `hardware.gestures.Gesture`."""
    arrivals: frozenset[str] = frozenset()
    wrong_microphone: bool = False
    """The card `mic` was the webcam's while a speakerphone was there."""
    call_s: float = 0.0
    calls: int = 0
    no_calls: bool = False
    """The endpoint says that this board is too slow for them."""
    call_end: str = ""
    """Why the last call ended; "" for none that did."""
    hottest_c: float | None = None
    """In the call."""
    slowed_by: frozenset[str] = frozenset()
    """In the call."""
    under_voltage: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)
    """What commands said that are not run each time, by the number of their check."""


def begun(seen: Seen, boot_id: str, slot: str, panic: str | None) -> Seen:
    """A start; the same twice where the program alone was started again.

    `panic` is the line of the kernel that panicked before it, None where none did.
    """
    if boot_id == seen.boot_id:
        return seen
    slots = seen.slots if seen.slots[-1:] == (slot,) else (*seen.slots, slot)[-MAX_NOTED:]
    after = replace(
        seen,
        boot_id=boot_id,
        starts=seen.starts + 1,
        slots=slots,
        pending="",
        dark_start=False,
    )
    if seen.pending == Ending.RESTART:
        return replace(after, restarts=seen.restarts + 1)
    if seen.pending == Ending.PANIC:
        return replace(after, panic=panic or "started again, without last words")
    if seen.pending == Ending.HANG:
        return replace(after, hang="started again")
    # The first start, an update's, and the way back are nobody's plug.
    by_plug = seen.starts and slots == seen.slots and not seen.pending
    return replace(after, pulls=seen.pulls + 1) if by_plug else after


def with_tvs(
    seen: Seen,
    before: frozenset[str] | None,
    now: frozenset[str],
    shown: frozenset[str],
    *,
    in_call: bool,
) -> Seen:
    """`before` and `now` are the sockets with a TV; `before` is None at the first look of a start.

    `shown` are those to which a picture is sent.
    """
    seen = replace(seen, shown=seen.shown | (now & shown))
    if before is None:
        return replace(seen, dark_start=not now)
    away, back = int(bool(before - now)), int(bool(now - before))
    late = seen.dark_start and back
    return replace(
        seen,
        away=seen.away + away,
        back=seen.back + back,
        away_in_call=seen.away_in_call + (away if in_call else 0),
        back_in_call=seen.back_in_call + (back if in_call else 0),
        dark_start=seen.dark_start and not back,
        late_tvs=seen.late_tvs + int(bool(late)),
    )


def with_gesture(seen: Seen, gesture: str) -> Seen:
    """The button was pressed in that way."""
    return replace(seen, gestures=seen.gestures | {gesture})


def with_sound(
    seen: Seen,
    before: frozenset[bool],
    now: Mapping[str, bool],
) -> Seen:
    """`now` has ALSA's names of the cards on USB that record, and whether each is a camera's.

    `before` holds the same yes and no of the last look. Both came: which one was there before?
    """
    kinds = frozenset(now.values())
    wrong = seen.wrong_microphone
    if kinds == {True, False}:
        wrong = wrong or now.get("mic", False)
        if before == {True}:
            seen = replace(seen, arrivals=seen.arrivals | {Arrival.WEBCAM})
        if before == {False}:
            seen = replace(seen, arrivals=seen.arrivals | {Arrival.SPEAKERPHONE})
    return replace(seen, wrong_microphone=wrong)


def with_call(
    seen: Seen,
    elapsed_s: float,
    *,
    was_up: bool,
    up: bool,
    ended: str,
    celsius: float | None,
    slowed_by: tuple[str, ...] | None,
) -> Seen:
    """One look at the call, `elapsed_s` after the last; a call that is not up adds nothing."""
    if not up:
        return replace(seen, call_end=ended or "unknown") if was_up else seen
    hottest = [one for one in (seen.hottest_c, celsius) if one is not None]
    return replace(
        seen,
        call_s=seen.call_s + (elapsed_s if was_up else 0.0),
        calls=seen.calls + int(not was_up),
        hottest_c=max(hottest, default=None),
        slowed_by=seen.slowed_by | frozenset(slowed_by or ()),
    )
