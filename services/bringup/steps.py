"""What hands do next, without a keyboard: a step is over by what was seen, or by time. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.core.message import N_
from services.bringup.judges.use import CALL_S, PULLS, RESTARTS
from services.bringup.seen import Arrival, Ending, Seen


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long and how often; a test has less of it."""

    call_s: float = CALL_S
    restarts: int = RESTARTS
    pulls: int = PULLS
    pace: float = 1.0
    """What the time of each step of hands is multiplied with; a start takes what it takes."""


Reached = Callable[[Seen, Wanted], bool]


def _by_time_alone(seen: Seen, wanted: Wanted) -> bool:
    del seen, wanted
    return False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `text` is a message id."""

    name: str
    text: str
    seconds: float
    """After so long the next one comes, whatever was seen; it is still seen later."""
    reached: Reached = _by_time_alone
    ending: Ending | None = None
    """What the card does itself in this step."""
    in_meeting: bool = False
    frames: bool = False
    """The page with the frames is shown."""
    after_check: bool = False
    """Hands wait until the slot check is passed: starts that did not pass it lead to rescue."""
    check: int | None = None
    """The number of the check whose command is run as the step begins."""


STEPS = (
    Step("frames", N_("Look at the yellow frames: which ones are whole?"), 30, frames=True),
    Step("tone", N_("Listen: a tone of two seconds. From where does it come?"), 30, check=25),
    Step("press", N_("A button is there? Press it, and let it go."), 30,
         lambda seen, _: "short" in seen.gestures),
    Step("hold", N_("Hold the button for three seconds."), 30,
         lambda seen, _: "long" in seen.gestures),
    Step("stuck", N_("Hold the button for 40 seconds. Without a button: wait."), 55,
         lambda seen, _: "stuck" in seen.gestures),
    Step("speakerphone", N_("Pull out camera and speakerphone. Speakerphone in, then camera."), 60,
         lambda seen, _: Arrival.SPEAKERPHONE in seen.arrivals),
    Step("webcam", N_("Pull both once more. Camera in, then speakerphone."), 60,
         lambda seen, _: Arrival.WEBCAM in seen.arrivals),
    Step("join", N_("A meeting begins: you see yourself. Wait."), 240,
         lambda seen, _: seen.call_s >= 30, in_meeting=True),
    Step("tv-off", N_("Switch the TV off by its remote control, wait 10 seconds, and on again."),
         60, in_meeting=True),
    Step("input", N_("Choose another input of the TV, wait 10 seconds, and come back."), 60,
         in_meeting=True),
    Step("plug", N_("Pull the HDMI cable, wait 5 seconds, put it back."), 60,
         lambda seen, _: seen.away_in_call > 0 and seen.back_in_call > 0, in_meeting=True),
    Step("socket", N_("Put the HDMI cable into the other socket of the board."), 60,
         lambda seen, _: len(seen.shown) > 1, in_meeting=True),
    Step("stay", N_("Wait until ten minutes of the meeting are over."), 720,
         lambda seen, wanted: seen.call_s >= wanted.call_s, in_meeting=True),
    Step("restarts", N_("Do nothing: the box restarts ten times by itself."), 1800,
         lambda seen, wanted: seen.restarts >= wanted.restarts or bool(seen.refused),
         ending=Ending.RESTART),
    Step("panic", N_("Do nothing: the box crashes once, and starts again."), 600,
         lambda seen, _: bool(seen.panic), ending=Ending.PANIC),
    Step("hang", N_("Do nothing: the box stands still, and starts again."), 600,
         lambda seen, _: bool(seen.hang), ending=Ending.HANG),
    Step("dark", N_("Switch the TV off. Pull the plug, put it back, wait a minute, TV on."), 300,
         lambda seen, _: seen.late_tvs > 0, after_check=True),
    Step("pulls", N_("Pull the plug now, and put it back: ten times."), 1200,
         lambda seen, wanted: seen.pulls >= wanted.pulls, after_check=True),
    Step("weak", N_("A weak charger is there? Pull the plug and use it for a minute."), 120,
         lambda seen, _: seen.under_voltage, after_check=True),
    Step("stick", N_("A stick with an update is there? Plug it in and wait."), 900,
         lambda seen, _: "B" in seen.slots),
    Step("back", N_("Do nothing: the box goes back to what ran before."), 600,
         lambda seen, _: seen.slots[-1:] != ("B",), ending=Ending.BACK),
    Step("end", N_("Done. Pull the plug, put the card into a PC, send BRINGUP.txt."),
         float("inf")),
)  # fmt: skip


def step_of(seen: Seen) -> Step:
    """Whose turn it is; the last one where the number is from another release."""
    return STEPS[min(max(seen.step, 0), len(STEPS) - 1)]


def left_s(seen: Seen, wanted: Wanted) -> float:
    """Seconds until the next step, whatever is seen."""
    step = step_of(seen)
    pace = wanted.pace if step.ending is None else 1.0
    return max(0.0, step.seconds * pace - seen.step_s)


def advanced(seen: Seen, elapsed_s: float, wanted: Wanted) -> Seen:
    """`elapsed_s` later; the next step's turn where this one is reached or its time is over."""
    seen = replace(seen, step_s=seen.step_s + elapsed_s)
    step = step_of(seen)
    skipped = step.in_meeting and seen.no_calls
    if not step.reached(seen, wanted) and not skipped and left_s(seen, wanted) > 0:
        return seen
    if step.ending is not None and not step.reached(seen, wanted):
        seen = without_effect(seen, step.ending, "not done: the slot check was not passed in time")
    return replace(seen, step=min(seen.step + 1, len(STEPS) - 1), step_s=0.0, pending="")


def without_effect(seen: Seen, ending: str, why: str) -> Seen:
    """The card could not end the start in that way, or did, and is still there."""
    seen = replace(seen, pending="")
    if ending == Ending.PANIC:
        return replace(seen, panic=why)
    if ending == Ending.HANG:
        return replace(seen, hang=why)
    return replace(seen, refused=why) if ending == Ending.RESTART else seen
